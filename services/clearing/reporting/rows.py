"""A row of a file: one CDR, or why there is none."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

import msgspec

from services.clearing.audit.claims import Claim
from services.clearing.reporting.entries import Entry
from services.core.errors import RoamwattError

Document: TypeAlias = Mapping[str, Any]


class CannotReadFile(RoamwattError):
    """A file that was named cannot be read, or is not of the kind that it should be."""


class Row(msgspec.Struct, frozen=True):
    """One row of a file.

    Attributes:
        number: Counted from 1, whether it can be read or not.
        line: Of the file, counted from 1, on which it begins.
        document: As OCPI 2.2.1 or 2.3.0 has it, whatever the file's format; None where it cannot be read.
        problem: Why it cannot be read, the end of a sentence; None where it can.
        cdr_id: Of one that cannot be read, where its id can.
        power_kw: Of the connector, where the file itself tells it in its own way.
        time_zone: Likewise of the location.
        entry: What the index keeps, where only that was read; there is no document then.
        claim: What a CDR claims, where that was read at once; there is no document then.
    """

    number: int
    line: int
    document: Document | None
    problem: str | None = None
    power_kw: Decimal | None = None
    time_zone: str | None = None
    entry: Entry | None = None
    claim: Claim | None = None
    cdr_id: str | None = None


class Rows(Protocol):
    """A file that is being read."""

    notes: list[str]
    """What to tell about the file as a whole, each a sentence."""

    def __iter__(self) -> Iterator[Row]:
        """Give the rows, in the order of the file."""
        ...


Position: TypeAlias = Callable[[], int]
"""Says how many bytes of a file, as it lies on the disk, were read."""
