"""The store of conversations whose result is still to come, and of the results themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, delete, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.conversations.conversation import Conversation, key_hash, secret_name
from services.gateway.conversations.subjects import Subject
from services.gateway.conversations.tables import conversation_results, conversations, reservations
from services.gateway.partners.secret_box import SecretBox
from services.gateway.tables import sessions
from services.runtime.work import Work

_URL: Final = "response_url"
_MAX_PRUNED_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Reservation:
    """Who holds a reservation of a home-CSP's, until when it is remembered."""

    home_csp: str
    reservation_id: str
    visited_cso: str
    subject: Subject
    expires_at: datetime


class ConversationStore:
    """Reads and writes conversations; addresses and results lie there sealed."""

    def __init__(self, box: SecretBox) -> None:
        self._box = box

    async def begin(self, work: Work, conversation: Conversation, key: str) -> None:
        """Write a conversation, to be found again by the key of our response URL."""
        each = conversation
        row = {
            "conversation_id": each.id,
            "key_hash": key_hash(key),
            "module": each.module,
            "act": each.act,
            "asker": each.asker,
            "answerer": each.answerer,
            "about": each.subject.pack(),
            "url_sealed": self._box.seal(secret_name(each.id, _URL), each.url.encode()),
            "correlation_id": each.correlation_id,
            "asked_at": each.asked_at,
            "due_at": each.due_at,
            "expires_at": each.expires_at,
            "concluded": False,
        }
        await work.connection.execute(insert(conversations).values(row))

    async def respond(self, work: Work, conversation: Conversation, *, is_open: bool) -> None:
        """Write what the asked party's response changes: until when a result is due, and whether one is."""
        changes: dict[str, Any] = {"due_at": conversation.due_at, "expires_at": conversation.expires_at}
        if not is_open:
            changes["concluded"] = True
        await work.connection.execute(
            update(conversations).where(conversations.c.conversation_id == conversation.id).values(changes)
        )

    async def lock(self, work: Work, module: str, key: str) -> Conversation | None:
        """Lock and return the conversation of a key of ours, as long as it takes results."""
        c = conversations.c
        query = (
            select(conversations)
            .where(c.key_hash == key_hash(key), c.module == module, c.expires_at > work.now)
            .with_for_update()
        )
        row = (await work.connection.execute(query)).mappings().one_or_none()
        return None if row is None else self._conversation(row)

    async def results(self, work: Work, conversation_id: UUID) -> list[bytes]:
        """Return the results that a conversation has, in order."""
        r = conversation_results.c
        query = select(r.ordinal, r.body_sealed).where(r.conversation_id == conversation_id).order_by(r.ordinal)
        rows = (await work.connection.execute(query)).all()
        return [self._box.open(secret_name(conversation_id, f"result/{n}"), bytes(body)) for n, body in rows]

    async def add_result(
        self, work: Work, conversation: Conversation, ordinal: int, body: bytes, until: datetime
    ) -> None:
        """Write a result, to be handed over at once; the conversation needs no other word."""
        identity = conversation.id
        row = {
            "conversation_id": identity,
            "ordinal": ordinal,
            "asker": conversation.asker,
            "body_sealed": self._box.seal(secret_name(identity, f"result/{ordinal}"), body),
            "state": "WAITING",
            "due_at": work.now,
            "until_at": until,
            "tries": 0,
        }
        await work.connection.execute(insert(conversation_results).values(row))
        mine = conversations.c.conversation_id == identity
        await work.connection.execute(
            update(conversations).where(mine).values(concluded=True, expires_at=max(conversation.expires_at, until))
        )

    async def overdue(self, work: Work, rows: int) -> list[Conversation]:
        """Return conversations without a word in the time promised, and mark them; at most so many."""
        c = conversations.c
        chosen = (
            select(c.conversation_id)
            .where(~c.concluded, c.due_at < work.now)
            .order_by(c.due_at)
            .limit(rows)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(conversations).where(c.conversation_id.in_(chosen)).values(concluded=True).returning(conversations)
        )
        return [self._conversation(row) for row in (await work.connection.execute(statement)).mappings()]

    def _conversation(self, row: RowMapping) -> Conversation:
        identity: UUID = row["conversation_id"]
        return Conversation(
            id=identity,
            module=row["module"],
            act=row["act"],
            asker=row["asker"],
            answerer=row["answerer"],
            subject=Subject.unpack(row["about"]),
            url=self._box.open(secret_name(identity, _URL), bytes(row["url_sealed"])).decode(),
            correlation_id=row["correlation_id"],
            asked_at=row["asked_at"],
            due_at=row["due_at"],
            expires_at=row["expires_at"],
        )


async def reserve(work: Work, reservation: Reservation) -> None:
    """Remember who holds a reservation; a later one of the same id and CSO replaces it, and never shortens it."""
    statement = upsert(reservations).values(
        home_csp=reservation.home_csp,
        reservation_key=reservation.reservation_id.casefold(),
        visited_cso=reservation.visited_cso,
        about=reservation.subject.pack(),
        expires_at=reservation.expires_at,
    )
    new = statement.excluded
    # An update that the CSO refuses leaves the reservation as it was.
    longer = {"about": new.about, "expires_at": new.expires_at}
    keys = ["home_csp", "reservation_key", "visited_cso"]
    await work.connection.execute(
        statement.on_conflict_do_update(
            index_elements=keys, set_=longer, where=reservations.c.expires_at <= new.expires_at
        )
    )


async def holders(connection: AsyncConnection, home_csp: str, reservation_id: str) -> list[str]:
    """Return the CSOs that hold a reservation of this home-CSP; ids compare without case."""
    r = reservations.c
    query = select(r.visited_cso).where(r.home_csp == home_csp, r.reservation_key == reservation_id.casefold())
    return list((await connection.execute(query.order_by(r.visited_cso))).scalars())


async def session_receiver(connection: AsyncConnection, operator: str, session_id: str) -> str | None:
    """Return the home-CSP of an operator's session, or None where we do not hold it."""
    s = sessions.c
    query = select(s.receiver).where(s.owner == operator, s.object_key == session_id.casefold(), ~s.removed)
    return (await connection.execute(query.limit(1))).scalar_one_or_none()


async def prune(work: Work) -> bool:
    """Delete what has expired, a bounded number; says whether there may be more."""
    c, r = conversations.c, reservations.c
    old = select(c.conversation_id).where(c.expires_at < work.now).limit(_MAX_PRUNED_ROWS)
    gone = await work.connection.execute(delete(conversations).where(c.conversation_id.in_(old)))
    keys = (r.home_csp, r.reservation_key, r.visited_cso)
    over = select(*keys).where(r.expires_at < work.now).limit(_MAX_PRUNED_ROWS)
    ended = await work.connection.execute(delete(reservations).where(tuple_(*keys).in_(over)))
    return _MAX_PRUNED_ROWS in {gone.rowcount, ended.rowcount}
