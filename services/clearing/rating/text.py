"""A price and its reasons as text that people can read."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from services.clearing.rating.figures import figure
from services.clearing.rating.results import ADJUSTMENT, Line, NotRated, Outcome, Part, Rating
from services.clearing.rating.tariffs import ENERGY, FLAT
from services.core.clock import in_zone
from services.core.money import RoundingMode

_UNITS: Final = {"KWH": "kWh", "HOUR": "h", "SESSION": ""}
_STEPS: Final = {"KWH": "Wh", "HOUR": "s"}
_HALVES: Final = {
    RoundingMode.HALF_UP: "a half up",
    RoundingMode.HALF_DOWN: "a half down",
    RoundingMode.HALF_EVEN: "a half to the even digit",
    RoundingMode.UP: "away from zero",
    RoundingMode.DOWN: "towards zero",
    RoundingMode.CEILING: "always up",
    RoundingMode.FLOOR: "always down",
}


def explain(outcome: Outcome, zone: tzinfo | None = None) -> list[str]:
    """Return the lines of text of a price, or of why there is none; times are local where the zone is given."""
    if isinstance(outcome, NotRated):
        return [f"No price: {outcome.reason}."]
    return [*_parts(outcome, zone), "", *_lines(outcome), "", *_totals(outcome)]


def _parts(rating: Rating, zone: tzinfo | None) -> Iterator[str]:
    shown: tuple[int, datetime] | None = None
    for part in rating.parts:
        here = part.period, part.started_at
        if here != shown:
            span = f"{_clock(part.started_at, zone)} to {_clock(part.ended_at, zone)}"
            yield f"Period {part.period}, {span}, {_tariff(part.tariff_id)}"
            shown = here
        yield f"  {_amount(part)}: {_choice(part)}"
        for skipped in part.skipped:
            yield f"    not element {skipped.element}: {skipped.reason}"


def _clock(instant: datetime, zone: tzinfo | None) -> str:
    local = instant if zone is None else in_zone(instant, zone)
    return f"{local:%Y-%m-%d %H:%M:%S %Z}"


def _tariff(tariff_id: str | None) -> str:
    return "no tariff" if tariff_id is None else f"tariff {tariff_id}"


def _amount(part: Part) -> str:
    if part.dimension == FLAT:
        return FLAT
    shared = " (share of the period)" if part.interpolated else ""
    return f"{part.dimension} {figure(part.volume)} {_unit(part)}{shared}"


def _unit(part: Part) -> str:
    return "kWh" if part.dimension == ENERGY else "h"


def _choice(part: Part) -> str:
    if part.element is None:
        return "costs nothing, no element prices it"
    if part.price is None:
        return f"element {part.element}"
    once = "once" if part.dimension == FLAT else f"per {_unit(part)}"
    return f"element {part.element}, {figure(part.price)} {once}"


def _lines(rating: Rating) -> Iterator[str]:
    for line in rating.lines:
        subject = _adjustment(line, rating) if line.component_type == ADJUSTMENT else _subject(line)
        yield f"{subject}: {_reckoning(line)}{_amounts(line, rating)}"


def _adjustment(line: Line, rating: Rating) -> str:
    told = [
        f"{each.name} of {money(each.amount, rating)} {'with' if each.with_tax else 'without'} tax"
        for each in line.bounds
    ]
    # A price that an earlier release kept does not tell.
    return "Adjustment to " + (" and ".join(told) or "the least or highest price of a session")


def _subject(line: Line) -> str:
    reserved = "reservation, " if line.reservation else ""
    return f"{line.component_type} ({reserved}tariff {line.tariff_id}, element {line.element})"


def _reckoning(line: Line) -> str:
    if line.component_type == ADJUSTMENT:
        return ""
    if line.unit == "SESSION":
        return f"{figure(line.price)} once = "
    unit, step = _UNITS[line.unit], _STEPS[line.unit]
    told = f"{figure(line.measured)} {unit}"
    if line.measured != line.volume:
        told += f", in steps of {figure(line.step_size)} {step} {figure(line.volume)} {unit}"
    return f"{told}, at {figure(line.price)} = "


def _amounts(line: Line, rating: Rating) -> str:
    """Tell what the price of a unit makes first: an amount with tax where that price includes it."""
    excl_tax, incl_tax = money(line.amount_excl_tax, rating), money(line.amount_incl_tax, rating)
    first = line.tax_included or line.amount_excl_tax is None
    told = f"{incl_tax} with tax, {excl_tax} without" if first else f"{excl_tax} without tax"
    return f"{told}, {_tax(line)}"


def _tax(line: Line) -> str:
    if line.tax_amount is None:
        return "tax unknown"
    rate = "" if line.vat_percent is None else f" ({figure(line.vat_percent)} %)"
    return f"tax {figure(line.tax_amount)}{rate}"


def _totals(rating: Rating) -> Iterator[str]:
    rule = rating.rounding.rule
    yield f"Total without tax: {money(rating.excl_tax, rating)}"
    yield f"Total with tax:    {money(rating.incl_tax, rating)}"
    what = "Each line is" if rating.rounding.per_line else "The totals are"
    yield f"{what} rounded to {rule.digits} digits, {_HALVES[rule.mode]}."


def money(amount: Decimal | None, rating: Rating) -> str:
    """Return an amount with its currency."""
    return "unknown" if amount is None else f"{figure(amount)} {rating.currency}"
