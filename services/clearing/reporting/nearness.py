"""Which CDRs an audit looks at together: pure, over rows in order, and bounded whatever a file holds."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

MOST_OTHERS: Final = 20
"""So many CDRs are looked at with one; a file that says the same thousands of times is told of all the same."""

MOST_OPEN: Final = 200
"""So many CDRs of one connector or credential are held that go on while others begin."""


class Span(NamedTuple):
    """When a CDR's session was; times in milliseconds."""

    number: int
    started: int
    ended: int


def alike(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Give (a row, one before it) for rows that say the same, in ascending order."""
    before: deque[int] = deque(maxlen=MOST_OTHERS)
    for number in numbers:
        for other in before:
            yield number, other
        before.append(number)


def near(spans: Iterable[Span], within: int) -> Iterator[tuple[int, int]]:
    """Give (a row, one before it) for spans, in ascending order of start, that share time or start close together.

    Args:
        within: How far apart two starts may be, in milliseconds.
    """
    still_open: list[Span] = []
    for span in spans:
        still_open = [each for each in still_open if each.ended > span.started or span.started - each.started <= within]
        for other in still_open[-MOST_OTHERS:]:
            yield max(span.number, other.number), min(span.number, other.number)
        still_open.append(span)
        if len(still_open) > MOST_OPEN:
            # The one that ends first is the one that will soonest be of no interest.
            still_open.remove(min(still_open, key=lambda each: each.ended))
