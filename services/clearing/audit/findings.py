"""One thing found in a CDR, and the verdict that all of them call for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from services.clearing.audit.codes import SENTENCES, Code, Severities, Severity
from services.core.clock import format_utc

_MAX_CHARACTERS: Final = 400


class Verdict(StrEnum):
    """What becomes of a CDR, from the best to the worst."""

    ACCEPTED = "ACCEPTED"
    FLAGGED = "FLAGGED"
    DISPUTED = "DISPUTED"
    REJECTED = "REJECTED"

    @property
    def books(self) -> bool:
        """Whether what is claimed is booked; what is disputed waits until the two parties agree on it."""
        return self in _BOOKED


_BOOKED: Final = frozenset({Verdict.ACCEPTED, Verdict.FLAGGED})
_WORST_FIRST: Final = (
    (Severity.REJECT, Verdict.REJECTED),
    (Severity.DISPUTE, Verdict.DISPUTED),
    (Severity.FLAG, Verdict.FLAGGED),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.

    Attributes:
        detail: A sentence with the numbers that led to it; never a user credential.
        numbers: The same numbers and ids as data, by the names that they have in the sentence.
    """

    code: Code
    severity: Severity
    detail: str
    numbers: Mapping[str, str] = field(default_factory=dict)


def find(code: Code, **numbers: object) -> Finding:
    """Return a finding of the catalogue, its sentence filled in; texts of more than 400 characters are cut."""
    shown = {name: _plain(value) for name, value in numbers.items()}
    return Finding(code, code.severity, SENTENCES[code].format(**shown), shown)


def as_agreed(finding: Finding, severities: Severities) -> Finding:
    """Return a finding with the severity that the agreement gives its code, if it gives one."""
    severity = severities.get(finding.code)
    return finding if severity is None else replace(finding, severity=severity)


def bounded(findings: Sequence[Finding], most: int) -> tuple[Finding, ...]:
    """Return no more findings than so many, in their order: the first of each code, and of the others the first."""
    if len(findings) <= most:
        return tuple(findings)
    first_of_code = {finding.code: place for place, finding in reversed(list(enumerate(findings)))}
    first = set(first_of_code.values())
    others = [place for place in range(len(findings)) if place not in first][: max(0, most - len(first))]
    return tuple(findings[place] for place in sorted([*first, *others]))


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Return the verdict that the worst finding calls for."""
    severities = {finding.severity for finding in findings}
    return next((verdict for severity, verdict in _WORST_FIRST if severity in severities), Verdict.ACCEPTED)


def _plain(value: object) -> str:
    """Return decimals without exponent and trailing zeros, and times as OCPI has them: people read them."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    text = format_utc(value) if isinstance(value, datetime) else str(value)
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"
