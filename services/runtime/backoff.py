"""How long to wait before the next try."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Waits that double from a least to a greatest, and begin anew after a success."""

    min_seconds: float
    max_seconds: float
    _next_seconds: float = field(default=0, init=False)

    def next_seconds(self) -> float:
        """Return how long to wait now."""
        wait = min(max(self._next_seconds, self.min_seconds), self.max_seconds)
        self._next_seconds = wait * 2
        return wait

    def reset(self) -> None:
        """Begin anew."""
        self._next_seconds = 0
