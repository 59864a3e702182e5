"""How fast somebody may go: so many requests a minute, a whole minute's worth of them at once after a rest.

A pace is one number, the time at which all that was taken so far would have been taken at an even speed (the generic
cell rate algorithm, a token bucket without the bucket). Times are seconds of a clock that never goes back.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
_MINUTE_SECONDS: Final = 60.0


def wait_seconds(even: float, now: float, per_minute: int) -> float:
    """Return how long somebody has to wait before one more request; 0 where none.

    Args:
        even: The pace so far.
        now: The time.
        per_minute: What is allowed.
    """
    ahead = even - now - _MINUTE_SECONDS + _MINUTE_SECONDS / per_minute
    # A millionth of a second is the noise of adding such numbers, and nothing that anybody waits for.
    return ahead if ahead > 1e-6 else 0.0


def taken(even: float, now: float, per_minute: int) -> float:
    """Return the pace after one more request."""
    return max(even, now) + _MINUTE_SECONDS / per_minute


class Paces(Generic[Key]):
    """The paces of many, of this replica alone; of too many the one that was quiet longest is forgotten."""

    def __init__(self, max_keys: int, monotonic: Callable[[], float]) -> None:
        self._max_keys, self._monotonic = max_keys, monotonic
        self._even: OrderedDict[Key, float] = OrderedDict()

    def wait_seconds(self, key: Key, per_minute: int) -> float:
        """Return how long one has to wait before its next request; 0 where it need not. Nothing is taken."""
        now = self._monotonic()
        return wait_seconds(self._even.get(key, now), now, per_minute)

    def take(self, key: Key, per_minute: int) -> float:
        """Take one request where it is allowed, and return 0; else how many seconds to wait, with nothing taken."""
        now = self._monotonic()
        even = self._even.get(key, now)
        wait = wait_seconds(even, now, per_minute)
        if not wait:
            self._even[key] = taken(even, now, per_minute)
            self._even.move_to_end(key)
            if len(self._even) > self._max_keys:
                self._even.popitem(last=False)
        return wait
