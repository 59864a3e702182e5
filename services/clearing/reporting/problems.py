"""What cannot be read of the files that an audit is given besides the CDRs."""

from collections.abc import Iterator
from typing import Final

MOST_TOLD: Final = 1_000


class Problems:
    """The first of them, each a sentence's beginning, and how many more there were."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._more = 0

    def add(self, problem: str) -> None:
        """Note a problem."""
        if len(self._told) < MOST_TOLD:
            self._told.append(problem)
        else:
            self._more += 1

    def __iter__(self) -> Iterator[str]:
        """Give what is to be told."""
        yield from self._told
        if self._more:
            yield f"there are {self._more:,} more like these"
