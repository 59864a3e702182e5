"""The two passes over a file of CDRs: the first one fills the index, the second one audits row by row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from services.clearing.audit.claims import Claim
from services.clearing.audit.codes import Severity
from services.clearing.audit.facts import Neighbour
from services.clearing.audit.well_formed import claim_or_document
from services.clearing.reporting.entries import Entry, entry_or_document
from services.clearing.reporting.files import Unchanged
from services.clearing.reporting.formats import Format, detect, rows_of
from services.clearing.reporting.index import Index
from services.clearing.reporting.invoice_lines import check
from services.clearing.reporting.invoices import Compared, compare
from services.clearing.reporting.json_text import Parse
from services.clearing.reporting.judging import Judged, Looked, Terms, claim_of, judge
from services.clearing.reporting.parties import NOBODY, Parties
from services.clearing.reporting.rows import Row
from services.clearing.reporting.sessions_given import GivenSessions
from services.clearing.reporting.sets import SetFindings, set_findings
from services.clearing.reporting.summary import Summary
from services.clearing.reporting.worst import Worst

_TOLD_EACH_ROWS: Final = 256
_TOGETHER_ROWS: Final = 16

Progress: TypeAlias = Callable[[str, int, float], None]
"""Is told the step, the rows that it is through with, and its share of the step, 0 to 1."""

Listener: TypeAlias = Callable[[Judged], None]
"""Is told of every row."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be audited.

    Attributes:
        parties: Of CDRs whose format names none.
        sessions: Files of the sessions that were reported.
        missing_after: How long after a session's end its CDR counts as missing.
        worst: So many cases of each currency are explained.
        work_folder: Where temporary files lie; None for the machine's own place.
    """

    path: Path
    kind: Format = Format.AUTO
    encoding: str = "utf-8"
    parties: Parties = NOBODY
    invoice: Path | None = None
    sessions: tuple[Path, ...] = ()
    missing_after: timedelta = timedelta(days=3)
    worst: int = 20
    work_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found.

    Attributes:
        kind: The format that the file has.
        sets: What was found in all CDRs together.
        notes: About the files as a whole, each a sentence.
    """

    order: Order
    terms: Terms
    kind: Format
    summary: Summary
    worst: dict[str, list[Judged]]
    invoice: Compared | None = None
    sets: SetFindings = field(default_factory=SetFindings)
    notes: list[str] = field(default_factory=list)

    def found(self, least: Severity) -> bool:
        """Say whether anything of this severity or worse was found."""
        worse = list(Severity)[list(Severity).index(least) :]
        return any(severity in worse for _, severity in (*self.summary.codes, *self.sets.counts))


def run(order: Order, terms: Terms, listener: Listener | None = None, progress: Progress | None = None) -> Report:
    """Audit a file.

    Raises:
        CannotReadFile: when a file cannot be read as what it is said to be, or changes meanwhile.
        CannotUseFolder: when there is no room for the temporary file.
    """
    unchanged = Unchanged(order.path)
    if order.invoice is not None:
        check(order.invoice, order.encoding)
    kind = detect(order.path, order.encoding) if order.kind is Format.AUTO else order.kind
    order, terms = replace(order, kind=kind), replace(terms, whole=kind is Format.OCPI)
    tell = progress or (lambda *_: None)
    summary, worst = Summary(), Worst(order.worst)
    with Index.temporary(order.work_folder) as index:
        sessions = GivenSessions.read(order.sessions, index)
        _fill(order, terms, index, tell)
        tell("Looking for neighbours", 0, 0)
        unchanged.check()
        index.link(timedelta(minutes=terms.rules.near_duplicate_minutes))
        tell("Looking for neighbours", 0, 1)
        notes: list[str] = []
        lookup = _Lookup(index, sessions)
        for judged in _judged(lookup, _rows(order, "Auditing", notes, tell, claim_or_document), terms):
            summary.add(judged)
            worst.add(judged)
            if listener is not None:
                listener(judged)
        unchanged.check()
        invoice = None
        if order.invoice is not None:
            invoice = compare(order.invoice, order.encoding, index.database, terms.agreement.total_tolerance)
        sets = set_findings(index, sessions, terms, order.missing_after)
    notes += [
        *(invoice.notes(terms.agreement.total_tolerance) if invoice else ()),
        *summary.notes,
        *sets.notes,
        *terms.tariffs.problems,
        *terms.locations.problems,
        *terms.meter_keys.problems,
        *sessions.problems,
    ]
    return Report(order, terms, kind, summary, worst.cases(), invoice, sets, notes)


def _fill(order: Order, terms: Terms, index: Index, tell: Progress) -> None:
    for row in _rows(order, "Reading", [], tell, entry_or_document):
        entry = row.entry
        if entry is None:
            claim = claim_of(row, terms)
            if isinstance(claim, Claim):
                entry = Entry.of(claim)
            elif claim.cdr_id is not None:
                index.add_unreadable(claim.cdr_id)
        if entry is not None:
            index.add(row.number, entry)


class _Lookup:
    """What is known of each row, asked in the order of the file."""

    def __init__(self, index: Index, sessions: GivenSessions) -> None:
        self._index = index
        self._sessions = sessions
        self._pairs = index.neighbours()
        self._next = next(self._pairs, None)

    def of(self, row: Row, claim: Claim) -> Looked:
        """Return what is known of one row."""
        neighbours: list[Neighbour] = []
        while self._next is not None and self._next[0] <= row.number:
            if self._next[0] == row.number:
                neighbours.append(self._index.neighbour(self._next[2:], claim))
            self._next = next(self._pairs, None)
        return Looked(neighbours, self._index.credited(claim), self._sessions.of(claim))


def _judged(lookup: _Lookup, rows: Iterator[Row], terms: Terms) -> Iterator[Judged]:
    # A few rows at a time: a processor's caches hold what reads them or what judges them, and not both.
    while some := list(islice(rows, _TOGETHER_ROWS)):
        claims = [claim_of(row, terms) for row in some]
        looked = [
            lookup.of(row, claim) if isinstance(claim, Claim) else Looked()
            for row, claim in zip(some, claims, strict=True)
        ]
        yield from [judge(*each, terms) for each in zip(some, claims, looked, strict=True)]


def _rows(order: Order, step: str, notes: list[str], tell: Progress, parse: Parse) -> Iterator[Row]:
    number = 0
    with rows_of(order.path, order.kind, order.encoding, order.parties, parse) as (rows, position, size):
        for row in rows:
            number = row.number
            yield row
            if not number % _TOLD_EACH_ROWS:
                tell(step, number, position() / size)
        notes += rows.notes
    tell(step, number, 1)
