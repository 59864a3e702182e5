"""Figures as they are written and shown: medians over runs, and percentiles of latencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        runs: The value of each run; the figure is their median.
        bare: The median of what the same machine does without the product's own work, or None.
        goal: What it is meant to reach, in words.
    """

    name: str
    unit: str
    runs: Sequence[float]
    bare: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    goal: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The median of the runs."""
        return median(self.runs)

    @property
    def ratio(self) -> float | None:
        """The value against the bare one."""
        return None if not self.bare else self.value / self.bare

    def as_json(self) -> dict[str, Any]:
        """The figure for machines; what it does not have is null."""
        return {
            "value": round(self.value, 3),
            "unit": self.unit,
            "bare": _rounded(self.bare),
            "ratio": _rounded(self.ratio),
            "p50_ms": _rounded(self.p50_ms),
            "p99_ms": _rounded(self.p99_ms),
            "runs": [round(each, 3) for each in self.runs],
            "goal": self.goal,
            **self.more,
        }


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of an ascending sequence lies (nearest rank); 0 for an empty one."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)
