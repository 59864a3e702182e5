"""What is known of all CDRs of a file, in a temporary SQLite file, so that millions of them need no memory."""

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Self

from services.clearing.audit.claims import Claim
from services.clearing.audit.facts import CreditedFact, Neighbour
from services.clearing.reporting.entries import Entry
from services.clearing.reporting.nearness import Span, alike, near
from services.clearing.reporting.work_folder import temporary_database

_BATCH: Final = 2000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_TABLES: Final = (
    """CREATE TABLE cdr (
    number INTEGER PRIMARY KEY, cso TEXT NOT NULL, id TEXT NOT NULL, cdr_id TEXT NOT NULL, session TEXT, evse TEXT,
    connector TEXT, credential BLOB, started INTEGER NOT NULL, ended INTEGER NOT NULL, energy TEXT NOT NULL,
    total TEXT NOT NULL, csp TEXT NOT NULL, currency TEXT NOT NULL, excl_tax TEXT NOT NULL, incl_tax TEXT,
    credits TEXT, credited_by TEXT
    )""",
    "CREATE TABLE unreadable (cdr_id TEXT NOT NULL)",
    "CREATE TABLE near (number INTEGER NOT NULL, other INTEGER NOT NULL, PRIMARY KEY (number, other)) WITHOUT ROWID",
)
_STANDING: Final = "credits IS NULL AND credited_by IS NULL"
_NEIGHBOUR: Final = (
    "other.cso, other.id, other.cdr_id, other.session, other.evse, other.connector, other.credential, "
    "other.started, other.ended, other.energy, other.total"
)


class Index:
    """The CDRs of a file, to be filled in the order of the file, then linked once, then asked."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self._waiting: list[tuple[Any, ...]] = []
        # Card numbers are in no file: what is kept says only which are the same, and only here.
        self._secret = secrets.token_bytes(16)

    @classmethod
    @contextmanager
    def temporary(cls, folder: Path | None = None) -> Iterator[Self]:
        """Give an empty index; its file is gone afterwards.

        Args:
            folder: Where the file lies; None for the machine's own place for temporary files.

        Raises:
            CannotUseFolder: when there is no such folder, or no room in it.
        """
        with temporary_database(folder) as database:
            for table in _TABLES:
                database.execute(table)
            yield cls(database)

    def add(self, number: int, entry: Entry) -> None:
        """Take a CDR in; the number is that of its row."""
        row = (
            *(number, entry.cso, entry.same_id, entry.cdr_id, entry.session, entry.evse, entry.connector),
            *(self.hidden(entry.credential), _number(entry.started_at), _number(entry.ended_at)),
            *(str(entry.energy), str(entry.total), entry.csp, entry.currency, str(entry.excl_tax)),
            *(None if entry.incl_tax is None else str(entry.incl_tax), entry.credits),
        )
        self._waiting.append(row)
        if len(self._waiting) >= _BATCH:
            self.flush()

    def add_unreadable(self, cdr_id: str) -> None:
        """Note that a CDR with this id came, and that it cannot be read."""
        self.database.execute("INSERT INTO unreadable VALUES (?)", (cdr_id,))

    def flush(self) -> None:
        """Write what waits to be written."""
        self.database.executemany(f"INSERT INTO cdr VALUES ({', '.join('?' * 17)}, NULL)", self._waiting)
        self._waiting.clear()

    def link(self, within: timedelta) -> None:
        """Find for each CDR those before it that an audit looks at: alike, or near in time.

        Args:
            within: How far apart the starts of two may lie that are near without sharing time.
        """
        self.flush()
        self.index_ids()
        self._mark_credited()
        for columns in ("cso, id", "cso, session"):
            self._put(self._alike(columns))
        for columns in ("cso, evse, connector", "credential"):
            self._put(self._near(columns, within // _MILLISECOND))

    def index_ids(self) -> None:
        """Let a CDR be found by its id."""
        self.database.execute("CREATE INDEX IF NOT EXISTS cdr_by_id ON cdr (cso, id)")

    def _mark_credited(self) -> None:
        """Note which CDRs a credit takes back, and by which credit: the first one in the file."""
        self.database.execute(
            "CREATE TABLE taken_back AS "
            "SELECT cdr_id, cso, credits FROM cdr WHERE credits IS NOT NULL ORDER BY number DESC"
        )
        self.database.executemany(
            "UPDATE cdr SET credited_by = ? WHERE cso = ? AND id = ? AND credits IS NULL",
            self.database.cursor().execute("SELECT cdr_id, cso, credits FROM taken_back ORDER BY rowid"),
        )

    def _alike(self, columns: str) -> Iterator[tuple[int, int]]:
        named = f"FROM cdr WHERE {columns.rpartition(', ')[2]} IS NOT NULL AND {_STANDING}"
        found = self.database.cursor().execute(
            f"SELECT {columns}, number {named} "
            f"AND ({columns}) IN (SELECT {columns} {named} GROUP BY {columns} HAVING count(*) > 1) "
            f"ORDER BY {columns}, number"
        )
        for _, same in groupby(found, key=itemgetter(0, 1)):
            yield from alike(row[2] for row in same)

    def _near(self, columns: str, within: int) -> Iterator[tuple[int, int]]:
        last, width = columns.rpartition(", ")[2], columns.count(",") + 1
        found = self.database.cursor().execute(
            f"SELECT {columns}, number, started, ended FROM cdr "
            f"WHERE {last} IS NOT NULL AND {_STANDING} ORDER BY {columns}, started, number"
        )
        for _, same in groupby(found, key=itemgetter(*range(width))):
            yield from near((Span(*row[width:]) for row in same), within)

    def _put(self, pairs: Iterable[tuple[int, int]]) -> None:
        self.database.executemany("INSERT OR IGNORE INTO near VALUES (?, ?)", pairs)

    def neighbours(self) -> Iterator[tuple[int, int, tuple[Any, ...]]]:
        """Give (number of a row, number of one before it, that one) in the order of the rows, each pair once."""
        return self.database.cursor().execute(
            f"SELECT near.number, near.other, {_NEIGHBOUR} FROM near CROSS JOIN cdr AS other "
            "ON other.number = near.other ORDER BY near.number, near.other"
        )

    def neighbour(self, found: tuple[Any, ...], claim: Claim) -> Neighbour:
        """Return a CDR of `neighbours` as the audit of this one takes it."""
        cso, same_id, cdr_id, session, evse, connector, credential, started, ended, energy, total = found
        same_credential = credential is not None and credential == self.hidden(claim.credential)
        return Neighbour(
            cdr_id=cdr_id,
            revision=1,
            key=(cso, same_id),
            session=None if session is None else (cso, session),
            connector=None if evse is None else (cso, evse, connector),
            credential=claim.credential if same_credential else None,
            started_at=_time(started),
            ended_at=_time(ended),
            energy=Decimal(energy),
            total=Decimal(total),
        )

    def credited(self, claim: Claim) -> CreditedFact | None:
        """Return the CDR that a credit takes back; None for other CDRs, and where the file has none."""
        if not claim.credit or claim.credits is None:
            return None
        row = self.database.execute(
            "SELECT cdr_id, csp, total, currency, credited_by FROM cdr "
            "WHERE cso = ? AND id = ? AND credits IS NULL ORDER BY number LIMIT 1",
            claim.credits,
        ).fetchone()
        if row is None:
            return None
        cdr_id, csp, total, currency, credited_by = row
        return CreditedFact(
            cdr_id, 1, csp, Decimal(total), currency, None if credited_by == claim.cdr_id else credited_by
        )

    def senders(self) -> list[tuple[str, int]]:
        """Return each CSO and how many CDRs it has."""
        return self.database.execute("SELECT cso, count(*) FROM cdr GROUP BY cso ORDER BY cso").fetchall()

    def ids(self, cso: str) -> Iterator[str]:
        """Give the ids of a CSO's CDRs."""
        for (cdr_id,) in self.database.cursor().execute("SELECT cdr_id FROM cdr WHERE cso = ?", (cso,)):
            yield cdr_id

    def unreadable_ids(self) -> Iterator[str]:
        """Give the ids of CDRs that cannot be read."""
        for (cdr_id,) in self.database.cursor().execute("SELECT cdr_id FROM unreadable"):
            yield cdr_id

    def hidden(self, credential: str | None) -> bytes | None:
        """Return what stands for a user credential in this index alone."""
        if credential is None:
            return None
        return hashlib.blake2b(credential.encode(errors="surrogatepass"), digest_size=12, key=self._secret).digest()


def _number(time: datetime) -> int:
    return (time - _EPOCH) // _MILLISECOND


def _time(number: int) -> datetime:
    return _EPOCH + number * _MILLISECOND
