"""The plots of a report, as SVG to be put into a page, whose colours they take, in the light and in the dark."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from services.clearing.reporting.printable import printable

try:
    from matplotlib import rc_context
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MaxNLocator
except ModuleNotFoundError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

Data = Mapping[str, Any]
MOST_BARS: Final = 12
MOST_CURRENCIES: Final = 3
DAYS_SHOWN_SINGLY: Final = 62
_NOT_ACCEPTED: Final = ("FLAGGED", "DISPUTED", "REJECTED")
_LONGEST_LABEL: Final = {"wide": 28, "narrow": 25}
_INCHES: Final = {"wide": 6.4, "narrow": 3.7}
_MOST_DATES: Final = {"wide": 6, "narrow": 3}
_BAR_INCHES: Final = 0.34
_TEXT: Final = "#010101"
_VARIABLES: Final = {
    _TEXT: "currentColor",
    "#020202": "var(--line)",
    "#030303": "var(--reject)",
    "#040404": "var(--dispute)",
    "#050505": "var(--flag)",
    "#060606": "var(--inform)",
    "#070707": "var(--accept)",
}
_PLACEHOLDERS: Final = {name: colour for colour, name in _VARIABLES.items()}
_SEVERITIES: Final = {
    **{"REJECT": "var(--reject)", "DISPUTE": "var(--dispute)", "FLAG": "var(--flag)", "INFORM": "var(--inform)"},
    **{
        "REJECTED": "var(--reject)",
        "DISPUTED": "var(--dispute)",
        "FLAGGED": "var(--flag)",
        "ACCEPTED": "var(--accept)",
    },
}
_SETTINGS: Final[Any] = {
    **{"svg.fonttype": "none", "svg.hashsalt": "roamwatt", "font.size": 9.5, "text.parse_math": False},
    **{"text.color": _TEXT, "axes.labelcolor": _TEXT, "xtick.color": _TEXT, "ytick.color": _TEXT},
    **{"axes.edgecolor": "#020202", "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False},
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot.

    Attributes:
        told: The same in words, for who does not see it.
        wide: SVG for a wide window; `narrow` is for a telephone.
    """

    title: str
    told: str
    wide: str
    narrow: str


def plots(data: Data) -> list[Plot]:
    """Return the plots of a report that have something to show."""
    found = [_over(data, each["currency"]) for each in data["currencies"][:MOST_CURRENCIES]]
    found += [_codes(data), *(_days(data, each["currency"]) for each in data["currencies"][:1]), _spread(data)]
    return [plot for plot in found if plot is not None]


def _over(data: Data, currency: str) -> Plot | None:
    """Show who asked for how much too much, and how much a second time."""
    found = [
        each
        for each in data["pairs"]
        if each["currency"] == currency and (Decimal(each["over"]) or Decimal(each["repeated"]))
    ][:MOST_BARS]
    if not found:
        return None
    labels = [f"{each['visited_cso']} to {each['home_csp']}" for each in found]
    over, again = ([float(each[name]) for each in found] for name in ("over", "repeated"))

    def draw(axes: "Axes", size: str) -> None:
        places = range(len(found))
        axes.barh(places, over, color=_PLACEHOLDERS["var(--reject)"], label="more than the tariff says", height=0.66)
        if any(again):
            colour = _PLACEHOLDERS["var(--dispute)"]
            axes.barh(places, again, left=over, color=colour, label="asked for before", height=0.66)
            _legend(axes, size)
        _name_bars(axes, labels, size)
        _annotate(axes, [first + second for first, second in zip(over, again, strict=True)], "{:,.2f}")
        axes.set_xlabel(f"{printable(currency)} without tax")

    told = "; ".join(
        f"{label}: {each['over']} and {each['repeated']}" for label, each in zip(labels, found, strict=True)
    )
    return _plot(f"Over-billed, {printable(currency)}", told, _height(len(found)) + 0.6, draw)


def _codes(data: Data) -> Plot | None:
    found = data["codes"][:MOST_BARS]
    if not found:
        return None
    counts = [each["cdrs"] for each in found]

    def draw(axes: "Axes", size: str) -> None:
        colours = [_PLACEHOLDERS[_SEVERITIES[each["severity"]]] for each in found]
        axes.barh(range(len(found)), counts, color=colours, height=0.66)
        _name_bars(axes, [each["code"] for each in found], size)
        _annotate(axes, counts, "{:,.0f}")
        axes.set_xlabel("CDRs")

    told = "; ".join(f"{each['code']} ({each['severity']}): {each['cdrs']}" for each in found)
    return _plot("What was found", told, _height(len(found)), draw)


def _days(data: Data, currency: str) -> Plot | None:
    """Show when what is not accepted happened: by day, or by month where there are many days."""
    found = [each for each in data["days"] if each["currency"] == currency and each["day"][:1].isdigit()]
    if not found:
        return None
    singly = len(found) <= DAYS_SHOWN_SINGLY and _span(found) <= timedelta(days=DAYS_SHOWN_SINGLY)
    length = len("2025-01-01") if singly else len("2025-01")
    groups = [(name, list(days)) for name, days in groupby(found, key=lambda each: str(each["day"])[:length])]
    groups = groups[-10 * MOST_BARS :]
    if not any(day["verdicts"][verdict] for _, days in groups for day in days for verdict in _NOT_ACCEPTED):
        return None
    names = [name for name, _ in groups]

    def draw(axes: "Axes", size: str) -> None:
        below = [0] * len(groups)
        for verdict in _NOT_ACCEPTED:
            counts = [sum(day["verdicts"][verdict] for day in days) for _, days in groups]
            if any(counts):
                colour = _PLACEHOLDERS[_SEVERITIES[verdict]]
                axes.bar(range(len(groups)), counts, bottom=below, color=colour, label=verdict.lower(), width=0.8)
                below = [first + second for first, second in zip(below, counts, strict=True)]
        each = -(-len(names) // _MOST_DATES[size])
        axes.set_xticks(range(0, len(names), each), names[::each])
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.set_ylabel("CDRs")
        _legend(axes, size)

    unit = "day" if singly else "month"
    told = f"CDRs that are not accepted by {unit} and verdict, {names[0]} to {names[-1]}"
    return _plot(f"Not accepted by {unit}, {printable(currency)}", told, 3.0, draw)


def _span(days: Sequence[Data]) -> timedelta:
    return date.fromisoformat(days[-1]["day"]) - date.fromisoformat(days[0]["day"])


def _spread(data: Data) -> Plot | None:
    counts = [each["cdrs"] for each in data["spread"]]
    if not any(counts):
        return None
    labels = [each["difference"] for each in data["spread"]]

    def draw(axes: "Axes", size: str) -> None:
        colours = ["var(--inform)"] * 3 + ["var(--accept)"] + ["var(--reject)"] * 3
        axes.barh(range(len(counts)), counts, color=[_PLACEHOLDERS[each] for each in colours], height=0.66)
        _name_bars(axes, labels, size)
        _annotate(axes, counts, "{:,.0f}")
        axes.set_xlabel("CDRs")

    told = "; ".join(f"{label}: {cdrs}" for label, cdrs in zip(labels, counts, strict=True))
    return _plot("How far claims lie from our price", told, _height(len(counts)), draw)


def _height(bars: int) -> float:
    return 0.9 + bars * _BAR_INCHES


def _plot(title: str, told: str, height: float, draw: "Callable[[Axes, str], None]") -> Plot:
    drawn = {}
    for size, width in _INCHES.items():
        with rc_context(_SETTINGS):
            figure = Figure(figsize=(width, height), layout="constrained")
            figure.patch.set_alpha(0)
            axes = figure.add_subplot()
            axes.patch.set_alpha(0)
            draw(axes, size)
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        drawn[size] = _inline(buffer.getvalue())
    return Plot(title, str(printable(told)), drawn["wide"], drawn["narrow"])


def _inline(svg: str) -> str:
    """Return the element alone, as wide as its place, in the colours of the page."""
    svg = svg[svg.index("<svg") :]
    opening, closing, rest = svg.partition(">")
    svg = re.sub(r' (?:width|height)="[^"]*"', "", opening) + ' aria-hidden="true"' + closing + rest
    for colour, name in _VARIABLES.items():
        svg = svg.replace(colour, name)
    return svg


def _name_bars(axes: "Axes", labels: Sequence[str], size: str) -> None:
    longest = _LONGEST_LABEL[size]
    shown = [str(printable(label)) for label in labels]
    shown = [label if len(label) <= longest else f"{label[: longest - 1]}…" for label in shown]
    axes.set_yticks(range(len(shown)), shown)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6 if size == "wide" else 3))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 10 else f"{value:g}"))


def _annotate(axes: "Axes", values: Sequence[float], form: str) -> None:
    most = max(values, default=0) or 1
    axes.set_xlim(0, most * 1.22)
    for place, value in enumerate(values):
        axes.text(value + most * 0.01, place, form.format(value), va="center", ha="left")


def _legend(axes: "Axes", size: str) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3 if size == "wide" else 1, borderaxespad=0.2)
