"""Which results are due to be handed over, and what became of them: the statements behind `forwarding`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text, update

from services.gateway.conversations.conversation import secret_name
from services.gateway.conversations.tables import conversation_results
from services.gateway.deliveries.backoff import pause_seconds
from services.gateway.deliveries.verdict import Result, Verdict, judge
from services.gateway.ocpi.outgoing import to_wire
from services.gateway.partners.secret_box import SecretBox
from services.runtime.work import Work

# A cancellation must not overtake the result before it: of one conversation only the first that waits is due.
_LEASE: Final = text(
    "UPDATE gateway.conversation_results r SET lease = :lease, due_at = :until FROM ("
    "SELECT l.conversation_id, l.ordinal FROM gateway.conversation_results l JOIN ("
    "SELECT w.conversation_id, w.ordinal, row_number() OVER (PARTITION BY w.asker ORDER BY w.due_at) AS place "
    "FROM gateway.conversation_results w WHERE w.state = 'WAITING' AND w.due_at <= :now "
    "AND NOT (w.asker = ANY(CAST(:busy AS text[]))) AND NOT EXISTS (SELECT 1 FROM gateway.conversation_results e "
    "WHERE e.conversation_id = w.conversation_id AND e.ordinal < w.ordinal AND e.state = 'WAITING')"
    ") due USING (conversation_id, ordinal) WHERE due.place <= :each AND l.state = 'WAITING' AND l.due_at <= :now "
    "ORDER BY l.due_at LIMIT :rows FOR UPDATE OF l SKIP LOCKED"
    ") chosen JOIN gateway.conversations c USING (conversation_id) "
    "WHERE r.conversation_id = chosen.conversation_id AND r.ordinal = chosen.ordinal "
    "RETURNING r.conversation_id, r.ordinal, r.body_sealed, r.tries, r.until_at, "
    "c.module, c.asker, c.answerer, c.url_sealed, c.correlation_id"
)


@dataclass(frozen=True, slots=True)
class Due:
    """One result on its way to its asker."""

    conversation_id: UUID
    ordinal: int
    lease: UUID
    module: str
    asker: str
    answerer: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    correlation_id: str
    tries: int
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long to wait between tries, in seconds."""

    least: float
    most: float


def next_state(due: Due, result: Result, now: datetime, pauses: Pauses, jitter: float) -> tuple[str, datetime | None]:
    """Return the state of a result after a try, and when the next one is, where there is one.

    A refusal is the asker's word and final; whatever says that it does not work now is tried again in the result's
    time.
    """
    verdict = judge(result)
    if verdict is not Verdict.RETRY:
        return verdict.value, None
    again = now + timedelta(seconds=pause_seconds(due.tries + 1, pauses.least, pauses.most, jitter))
    return ("WAITING", again) if again <= due.until_at else ("GIVEN_UP", None)


class Handing:
    """Leases results and settles them."""

    def __init__(self, box: SecretBox) -> None:
        self._box = box

    async def lease(
        self, work: Work, lease: UUID, until: datetime, *, busy: Collection[str], each: int, rows: int
    ) -> list[Due]:
        """Lease results that are due.

        Args:
            work: The transaction.
            lease: Its id; who holds another one may not settle.
            until: When they are due again if nobody settles them.
            busy: Askers that have as many under way as they may.
            each: The most of one asker.
            rows: The most in all.
        """
        values = {"lease": lease, "until": until, "now": work.now, "busy": sorted(busy), "each": each, "rows": rows}
        return [self._due(row, lease) for row in (await work.connection.execute(_LEASE, values)).mappings()]

    async def settle(self, work: Work, due: Due, state: str, again: datetime | None, error: str | None) -> None:
        """Write what became of a try, unless another replica has taken it over."""
        r = conversation_results.c
        changes: dict[str, Any] = {"state": state, "tries": due.tries + 1, "lease": None, "last_error": error}
        if again is not None:
            changes["due_at"] = again
        mine: Sequence[Any] = (r.conversation_id == due.conversation_id, r.ordinal == due.ordinal, r.lease == due.lease)
        await work.connection.execute(update(conversation_results).where(*mine).values(changes))

    def _due(self, row: Any, lease: UUID) -> Due:
        identity, ordinal = row["conversation_id"], row["ordinal"]
        return Due(
            conversation_id=identity,
            ordinal=ordinal,
            lease=lease,
            module=row["module"],
            asker=row["asker"],
            answerer=row["answerer"],
            url=self._box.open(secret_name(identity, "response_url"), bytes(row["url_sealed"])).decode(),
            body=to_wire(self._box.open(secret_name(identity, f"result/{ordinal}"), bytes(row["body_sealed"]))),
            correlation_id=row["correlation_id"],
            tries=row["tries"],
            until_at=row["until_at"],
        )
