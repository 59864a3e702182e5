"""The sessions that an audit is given: what the CSO reported while they went on, kept in the index's file."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Self

from services.clearing.audit.claims import Claim, Key, same
from services.clearing.audit.facts import SessionFact
from services.clearing.rating.restrictions import number
from services.clearing.reporting.documents_given import documents
from services.clearing.reporting.index import Index
from services.clearing.reporting.problems import Problems
from services.clearing.reporting.rows import Document
from services.clearing.reporting.tariffs_given import owner_of
from services.core.clock import format_utc, parse_utc
from services.core.errors import BadContent

_TABLE: Final = """
CREATE TABLE session (
    cso TEXT NOT NULL, id TEXT NOT NULL, session_id TEXT NOT NULL, csp TEXT NOT NULL, credential BLOB,
    state TEXT NOT NULL, started TEXT NOT NULL, ended TEXT, kwh TEXT NOT NULL, location TEXT NOT NULL,
    evse TEXT NOT NULL, connector TEXT NOT NULL, currency TEXT NOT NULL, PRIMARY KEY (cso, id)
) WITHOUT ROWID
"""
_COLUMNS: Final = "session_id, csp, credential, state, started, ended, kwh, location, evse, connector, currency"


class GivenSessions:
    """Sessions by their owner and id; of one that comes again, the last."""

    def __init__(self, index: Index) -> None:
        self.problems: Final = Problems()
        self._index = index
        self.any = False

    @classmethod
    def read(cls, paths: Iterable[Path], index: Index, encoding: str = "utf-8") -> Self:
        """Read files of sessions; what is none is a problem that the report tells.

        Raises:
            CannotReadFile: when a file cannot be opened.
        """
        given = cls(index)
        for path in paths:
            if not given.any:
                index.database.execute(_TABLE)
                given.any = True
            rows = given._rows(path, encoding)
            index.database.executemany(f"INSERT OR REPLACE INTO session VALUES ({', '.join('?' * 13)})", rows)
        return given

    def _rows(self, path: Path, encoding: str) -> Iterator[tuple[Any, ...]]:
        for place, document in documents(path, encoding, self.problems):
            try:
                yield _row(document, self._index)
            except BadContent as error:
                self.problems.add(f"{place} is no session: {error}")

    def of(self, claim: Claim) -> SessionFact | None:
        """Return the session that a CDR names; None where it names none, or none was given."""
        if not self.any or claim.session is None:
            return None
        query = f"SELECT {_COLUMNS} FROM session WHERE cso = ? AND id = ?"
        row = self._index.database.execute(query, claim.session).fetchone()
        return None if row is None else self._fact(row, claim.credential)

    def without_cdr(self) -> Iterator[tuple[Key, SessionFact]]:
        """Give the sessions that no CDR of the index names, each with its identity."""
        if not self.any:
            return
        database = self._index.database
        database.execute("CREATE INDEX IF NOT EXISTS cdr_by_session ON cdr (cso, session)")
        query = (
            f"SELECT cso, id, {_COLUMNS} FROM session WHERE NOT EXISTS "
            "(SELECT 1 FROM cdr WHERE cdr.cso = session.cso AND cdr.session = session.id) ORDER BY cso, id"
        )
        for cso, name, *row in database.cursor().execute(query):
            yield (cso, name), self._fact(row, None)

    def _fact(self, row: Any, credential: str | None) -> SessionFact:
        """Return a session; its credential is that of the CDR, or none where it is another one."""
        session_id, csp, hidden, state, started, ended, kwh, location, evse, connector, currency = row
        return SessionFact(
            session_id=session_id,
            version=0,
            home_csp=csp,
            pseudonym=credential or "" if hidden == self._index.hidden(credential) else "",
            state=state,
            started_at=parse_utc(started),
            ended_at=None if ended is None else parse_utc(ended),
            kwh=Decimal(kwh),
            location_id=location,
            evse_uid=evse,
            connector_id=connector,
            currency=currency,
        )


def _row(document: Document, index: Index) -> tuple[Any, ...]:
    token = document.get("cdr_token")
    token = token if isinstance(token, dict) else {}
    csp, uid = owner_of(token), _text(token, "uid")
    session_id, ended = _text(document, "id"), document.get("end_date_time")
    if not session_id or not owner_of(document):
        raise BadContent("it has no id or no owner")
    kwh = number(document.get("kwh"))
    if kwh is None:
        raise BadContent("its kwh is missing, or no number")
    return (
        *(owner_of(document), same(session_id), session_id, csp, index.hidden(f"{csp}|{same(uid)}")),
        *(_text(document, "status"), format_utc(parse_utc(_text(document, "start_date_time")))),
        None if ended is None else format_utc(parse_utc(str(ended))),
        str(kwh),
        *(_text(document, name) for name in ("location_id", "evse_uid", "connector_id", "currency")),
    )


def _text(document: Document, name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""
