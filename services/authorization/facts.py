"""The facts for a batch of questions, in one statement and one round trip to the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ARRAY, Select, String, Text, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.authorization.domain import Agreement, Credential, Question
from services.authorization.tables import agreements, credentials
from services.runtime.postgres import translated


@dataclass(slots=True)
class Known:
    """What is known about one question.

    Attributes:
        candidates: The credentials of its pseudonym; `domain.choose` says which one counts.
        agreement: The newest of the CSO and the home-CSP that is named or, where none is, issued the credential
            (all candidates of a pseudonym are of one contract, so of one home-CSP).
    """

    candidates: list[Credential] = field(default_factory=list)
    agreement: Agreement | None = None


async def look_up(engine: AsyncEngine, questions: Sequence[Question]) -> list[Known]:
    """Return what is known about each question, in their order.

    Args:
        engine: Best in autocommit mode, since it is one SELECT.
        questions: At most a batch; none is answered without asking the database.

    Raises:
        services.core.errors.Unavailable: when the database does not answer.
    """
    known = [Known() for _ in questions]
    if not questions:
        return known
    parameters = {
        "pseudonyms": [question.pseudonym for question in questions],
        "csos": [question.visited_cso for question in questions],
        "csps": [question.home_csp for question in questions],
    }
    async with translated(), engine.connect() as connection:
        rows = (await connection.execute(_QUERY, parameters)).all()
    for row in rows:
        _add(known[row[0] - 1], row)
    return known


def _add(known: Known, row: Sequence[Any]) -> None:
    if row[2] is not None:
        known.candidates.append(Credential(*row[1:8]))
    if row[8] is not None:
        identity, version, status, services, offline, trust, valid_from, valid_until = row[8:16]
        known.agreement = Agreement(identity, version, status, tuple(services), offline, trust, valid_from, valid_until)


def _query() -> Select[Any]:
    asked = func.unnest(
        bindparam("pseudonyms", type_=ARRAY(Text)),
        bindparam("csos", type_=ARRAY(String)),
        bindparam("csps", type_=ARRAY(String)),
    ).table_valued("pseudonym", "cso", "csp", with_ordinality="place")
    asked = asked.render_derived(name="asked")
    c, a = credentials.c, agreements.c
    issued = (c.pseudonym == asked.c.pseudonym) & c.audience.in_(["", asked.c.cso])
    home_csp = func.coalesce(func.nullif(asked.c.csp, ""), c.home_csp)
    concluded = (a.visited_cso == asked.c.cso) & (a.home_csp == home_csp)
    return select(
        *(asked.c.place, asked.c.pseudonym, c.audience, c.version, c.home_csp, c.whitelist, c.valid, c.removed),
        *(a.agreement_id, a.version, a.status, a.services, a.decide_when_unreachable, a.trust_whitelist),
        *(a.valid_from, a.valid_until),
    ).select_from(asked.outerjoin(credentials, issued).outerjoin(agreements, concluded))


_QUERY: Final = _query()
