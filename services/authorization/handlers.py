"""Facts in: credentials and agreements as their owners publish them, in any order, the newest version counts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert

from schemas.models.gateway import CredentialIssued
from schemas.models.registry import AgreementConcluded
from services.authorization.tables import agreements, credentials
from services.runtime.events import Received
from services.runtime.work import Handler, Work

_State = TypeVar("_State", CredentialIssued, AgreementConcluded)

_CREDENTIAL_COLUMNS: Final = tuple(column.name for column in credentials.columns)
_AGREEMENT_COLUMNS: Final = tuple(column.name for column in agreements.columns)


async def credentials_issued(work: Work, events: Sequence[Received[Any]]) -> None:
    """Keep the newest version of each credential; the sealed card number is of no use here and is not kept."""
    newest = newest_versions((each.value for each in events), lambda value: (value.pseudonym, value.audience))
    await _keep_newest(work, credentials, _CREDENTIAL_COLUMNS, newest)


async def agreements_concluded(work: Work, events: Sequence[Received[Any]]) -> None:
    """Keep the newest version of each pair's agreement."""
    newest = newest_versions((each.value for each in events), lambda value: (value.visited_cso, value.home_csp))
    await _keep_newest(work, agreements, _AGREEMENT_COLUMNS, newest)


HANDLERS: Final[Mapping[str, Handler]] = {
    "agreement.concluded": agreements_concluded,
    "credential.issued": credentials_issued,
}


def newest_versions(values: Iterable[_State], key: Callable[[_State], tuple[str, str]]) -> list[_State]:
    """Return the newest version of each key, in the keys' order, in which all replicas then lock the rows."""
    newest: dict[tuple[str, str], _State] = {}
    for value in values:
        known = newest.setdefault(key(value), value)
        if known.version < value.version:
            newest[key(value)] = value
    return [newest[each] for each in sorted(newest)]


async def _keep_newest(
    work: Work, table: Table, columns: Sequence[str], values: Sequence[CredentialIssued] | Sequence[AgreementConcluded]
) -> None:
    rows = [{name: getattr(value, name) for name in columns} for value in values]
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in columns if not table.columns[name].primary_key}
    newer = statement.excluded.version > table.c.version
    await work.connection.execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed, where=newer), rows
    )
