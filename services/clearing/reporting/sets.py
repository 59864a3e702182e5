"""What only shows in all CDRs of a file together: gaps in a sender's numbering, and sessions without a CDR."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from services.clearing.audit.codes import Code, Severity
from services.clearing.audit.findings import Finding, as_agreed
from services.clearing.audit.missing import missing_cdrs
from services.clearing.audit.numbering import gaps
from services.clearing.reporting.index import Index
from services.clearing.reporting.judging import Terms
from services.clearing.reporting.sessions_given import GivenSessions

MOST_SHOWN: Final = 200
MOST_NUMBERED: Final = 2_000_000
"""The numbering of a sender with more CDRs is not looked at: it takes 100 bytes of memory for each."""


@dataclass(slots=True)
class SetFindings:
    """What was found.

    Attributes:
        counts: How often each code at each severity.
        shown: The first of them, each with the CSO that it is about.
        notes: What was not looked at, each a sentence.
    """

    counts: Counter[tuple[Code, Severity]] = field(default_factory=Counter)
    shown: list[tuple[str, Finding]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, cso: str, found: Iterable[Finding], terms: Terms) -> None:
        """Take findings in, with the severities that the two parties agreed on."""
        for each in found:
            finding = as_agreed(each, terms.agreement.severities)
            self.counts[finding.code, finding.severity] += 1
            if len(self.shown) < MOST_SHOWN:
                self.shown.append((cso, finding))


def set_findings(index: Index, sessions: GivenSessions, terms: Terms, missing_after: timedelta) -> SetFindings:
    """Look at all CDRs of an index, and at all sessions that were given.

    Args:
        index: Filled.
        sessions: Those that were reported.
        terms: By which all is audited.
        missing_after: How long after a session's end its CDR counts as missing.
    """
    found = SetFindings()
    for cso, count in index.senders():
        if count > MOST_NUMBERED:
            found.notes.append(f"The numbering of {cso} was not looked at: it has more than {MOST_NUMBERED:,} CDRs.")
        else:
            found.add(cso, gaps(index.ids(cso), unreadable=index.unreadable_ids()), terms)
    for key, session in sessions.without_cdr():
        found.add(key[0], missing_cdrs([(key, session)], (), terms.now, missing_after), terms)
    return found
