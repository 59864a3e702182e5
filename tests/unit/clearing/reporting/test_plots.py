"""The plot of days: whole dates, which neither touch each other nor leave the plot."""

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest

from services.clearing.reporting.plots import plots

BEGIN: Final = date(2024, 11, 3)
_DIGIT, _HYPHEN, _POINTS = 0.64, 0.36, 9.5


def data(days: int) -> dict[str, Any]:
    """A report on an EUR-CDR a day, each of them rejected."""
    verdicts = {"FLAGGED": 0, "DISPUTED": 0, "REJECTED": 1}
    each = [
        {"currency": "EUR", "day": (BEGIN + timedelta(days=day)).isoformat(), "verdicts": verdicts}
        for day in range(days)
    ]
    return {"currencies": [{"currency": "EUR"}], "pairs": [], "codes": [], "days": each, "spread": []}


def labels(svg: str) -> list[tuple[str, float, float]]:
    """The dates below the bars, each with where it begins and ends, in points."""
    found = re.findall(r'<text[^>]*x="([\d.]+)"[^>]*>([\d-]{7,})</text>', svg)
    widths = [(sum(_HYPHEN if sign == "-" else _DIGIT for sign in text) * _POINTS) for _, text in found]
    return [(text, float(x) - width / 2, float(x) + width / 2) for (x, text), width in zip(found, widths, strict=True)]


@pytest.mark.parametrize("days", [1, 2, 3, 4, 6, 7, 13, 62, 63, 400, 4_000])
def test_dates_are_whole_and_apart(days: int) -> None:
    (plot,) = plots(data(days))
    for svg in (plot.wide, plot.narrow):
        found = labels(svg)
        (width,) = re.findall(r'viewBox="0 0 ([\d.]+) ', svg)
        form = r"\d{4}-\d{2}-\d{2}" if days <= 62 else r"\d{4}-\d{2}"
        assert found
        assert all(re.fullmatch(form, text) for text, _, _ in found), found
        assert found[0][1] >= 0
        assert found[-1][2] <= float(width)
        assert all(first[2] < second[1] for first, second in pairwise(found)), found
    assert len(labels(plot.narrow)) <= len(labels(plot.wide))
