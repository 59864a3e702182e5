"""Gaps in the numbers that a sender gives its CDRs: some may have been lost on the way.

OCPI asks for no numbering (mod_cdrs, CDR object), so numbers are looked at only where a sender clearly counts: ids with
the same text before a number at their end, most of whose numbers are there. A sender that counts over all its home-CSPs
leaves each of them with few of its numbers, and is not found.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find

_NUMBERED: Final = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NumberingRules:
    """When ids count as a numbering.

    Attributes:
        least_ids: Of fewer, nothing is said.
        least_share: So many of the numbers from the first to the last have to be there.
        max_ranges_shown: The most gaps that a finding names.
    """

    least_ids: int = 20
    least_share: Decimal = Decimal("0.8")
    max_ranges_shown: int = 20


_DEFAULT: Final = NumberingRules()


def gaps(ids: Iterable[str], rules: NumberingRules = _DEFAULT, *, unreadable: Iterable[str] = ()) -> Iterator[Finding]:
    """Find the numbers that are missing among the ids of one sender's CDRs, one finding for each numbering of its.

    An id may come more than once. It takes about 100 bytes of memory for each id that ends in a number.

    Args:
        ids: Of the CDRs.
        rules: When they count as a numbering.
        unreadable: The ids of CDRs that came and of which nobody can say whose they are: they are not missing.
    """
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    widths: dict[str, int] = {}
    for prefix, digits in _numbered(ids):
        numbers[prefix].add(int(digits))
        if digits.startswith("0"):
            widths[prefix] = len(digits)
    bounds = {prefix: (min(found), max(found)) for prefix, found in numbers.items()}
    for prefix, digits in _numbered(unreadable):
        if prefix in bounds and bounds[prefix][0] < int(digits) < bounds[prefix][1]:
            numbers[prefix].add(int(digits))
    for prefix, found in numbers.items():
        count = bounds[prefix][1] - bounds[prefix][0] + 1
        if len(found) < count and len(found) >= rules.least_ids and len(found) >= rules.least_share * count:
            yield _gap(prefix, widths.get(prefix, 0), sorted(found), rules.max_ranges_shown)


def _numbered(ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    for each in ids:
        match = _NUMBERED.fullmatch(each)
        if match is not None:
            yield match[1], match[2]


def _gap(prefix: str, width: int, found: Sequence[int], most: int) -> Finding:
    ranges = [(before + 1, after - 1) for before, after in pairwise(found) if after - before > 1]
    shown = ", ".join(_range(prefix, width, *each) for each in ranges[:most])
    more = f" and {len(ranges) - most} more gaps" if len(ranges) > most else ""
    return find(
        Code.NUMBERING_GAP,
        first=_id(prefix, width, found[0]),
        last=_id(prefix, width, found[-1]),
        missing=sum(last - first + 1 for first, last in ranges),
        ranges=shown + more,
    )


def _range(prefix: str, width: int, first: int, last: int) -> str:
    start = _id(prefix, width, first)
    return start if first == last else f"{start} to {_id(prefix, width, last)}"


def _id(prefix: str, width: int, number: int) -> str:
    return f"{prefix}{number:0{width}d}" if width else f"{prefix}{number}"
