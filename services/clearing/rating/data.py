"""A price and its reasons as JSON-able data: numbers are texts with all their digits, times RFC 3339 in UTC.

What a name means is said where the values are: `results.py`.
"""

from decimal import Decimal
from typing import Any

from services.clearing.rating.figures import figure
from services.clearing.rating.results import Line, NotRated, Outcome, Part, Rating
from services.core.clock import format_utc


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """Return a price under `rating`, or why there is none under `not_rated`; the other one is null."""
    if isinstance(outcome, NotRated):
        return {"rating": None, "not_rated": outcome.reason}
    return {"rating": rating_data(outcome), "not_rated": None}


def rating_data(rating: Rating) -> dict[str, Any]:
    """Return a price, its lines, and for each measurement which element priced it and why others did not."""
    rule = rating.rounding.rule
    return {
        "currency": rating.currency,
        "parts": [_part(part) for part in rating.parts],
        "lines": [_line(line) for line in rating.lines],
        "rounding": {
            "rule": {"mode": rule.mode.value, "digits": rule.digits},
            "per_line": rating.rounding.per_line,
        },
        "excl_tax": _number(rating.excl_tax),
        "incl_tax": _number(rating.incl_tax),
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "period": part.period,
        "started_at": format_utc(part.started_at),
        "ended_at": format_utc(part.ended_at),
        "tariff_id": part.tariff_id,
        "dimension": part.dimension,
        "volume": figure(part.volume),
        "element": part.element,
        "skipped": [{"element": each.element, "reason": each.reason} for each in part.skipped],
        "interpolated": part.interpolated,
        "price": _number(part.price),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "tariff_id": line.tariff_id,
        "element": line.element,
        "component_type": line.component_type,
        "reservation": line.reservation,
        "measured": figure(line.measured),
        "volume": figure(line.volume),
        "unit": line.unit,
        "step_size": _number(line.step_size),
        "price": figure(line.price),
        "vat_percent": _number(line.vat_percent),
        "amount_excl_tax": _number(line.amount_excl_tax),
        "tax_amount": _number(line.tax_amount),
        "amount_incl_tax": _number(line.amount_incl_tax),
        "tax_included": line.tax_included,
        "bounds": [
            {"name": each.name, "with_tax": each.with_tax, "amount": figure(each.amount)} for each in line.bounds
        ],
    }


def _number(value: Decimal | None) -> str | None:
    return None if value is None else figure(value)
