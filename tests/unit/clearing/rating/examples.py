"""Tariffs and CDRs as JSON of both versions, put together from a few words."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from services.clearing.rating.documents import cdr_of, tariff_of
from services.clearing.rating.engine import rate
from services.clearing.rating.results import DEFAULT_ROUNDING, Outcome, Rating, Rounding
from services.clearing.rating.sessions import Period, Session
from services.clearing.rating.tariffs import Tariff
from services.core.clock import format_utc, parse_utc

VERSIONS = ("2.2.1", "2.3.0")
MONDAY = "2026-03-02T08:30:00Z"
"""09:30 in Brussels."""


def component(kind: str, price: str, vat: str | None = None, step: int = 1) -> dict[str, Any]:
    priced: dict[str, Any] = {"type": kind, "price": Decimal(price), "step_size": Decimal(step)}
    return priced if vat is None else priced | {"vat": Decimal(vat)}


def element(*components: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"price_components": list(components)}
    return found | ({"restrictions": restrictions} if restrictions else {})


def limit(version: str, excl_tax: str, incl_tax: str | None) -> dict[str, Decimal]:
    names = ("excl_vat", "incl_vat") if version == "2.2.1" else ("before_taxes", "after_taxes")
    amounts = (Decimal(excl_tax), None if incl_tax is None else Decimal(incl_tax))
    return {name: amount for name, amount in zip(names, amounts, strict=True) if amount is not None}


def tariff_json(version: str, elements: Sequence[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"id": "T1", "currency": "EUR", "elements": list(elements)}
    if version == "2.3.0":
        found["tax_included"] = "NO"
    for name in ("min_price", "max_price"):
        if name in fields:
            fields[name] = limit(version, *fields[name])
    return found | fields


def minutes(count: int | str) -> Decimal:
    return Decimal(count) / 60


def cdr_json(
    periods: Sequence[tuple[int, Mapping[str, Decimal | str]]],
    start: str = MONDAY,
    *,
    tariffs: Sequence[dict[str, Any]] = (),
    evse_uid: str = "E1",
    lasts: int | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A CDR; each period is its start in minutes after that of the session, and what it measures."""
    began = parse_utc(start)
    hours = sum(
        (Decimal(volume) for _, volumes in periods for kind, volume in volumes.items() if "TIME" in kind), Decimal(0)
    )
    span = (
        timedelta(minutes=lasts) if lasts is not None else timedelta(seconds=round(hours * 3600)) or timedelta(hours=1)
    )
    energy = sum((Decimal(volumes.get("ENERGY", 0)) for _, volumes in periods), Decimal(0))
    found = {
        "id": "C1",
        "start_date_time": format_utc(began),
        "end_date_time": format_utc(began + span),
        "currency": "EUR",
        "cdr_location": {"evse_uid": evse_uid},
        "tariffs": list(tariffs),
        "charging_periods": [
            {
                "start_date_time": format_utc(began + timedelta(minutes=after)),
                "dimensions": [{"type": kind, "volume": Decimal(volume)} for kind, volume in volumes.items()],
            }
            for after, volumes in periods
        ],
        "total_cost": {"excl_vat": Decimal(1)},
        "total_energy": energy,
        "total_time": hours,
    }
    return found | fields


def price(tariff: dict[str, Any], cdr: dict[str, Any], zone: Any, rounding: Rounding = DEFAULT_ROUNDING) -> Outcome:
    return rate(cdr_of(cdr).session, [tariff_of(tariff)], zone, rounding)


def rated(tariff: dict[str, Any], cdr: dict[str, Any], zone: Any, rounding: Rounding = DEFAULT_ROUNDING) -> Rating:
    outcome = price(tariff, cdr, zone, rounding)
    assert isinstance(outcome, Rating), outcome
    return outcome


def session(started_at: datetime, ended_at: datetime, *periods: Period, **fields: Any) -> Session:
    return Session(started_at, ended_at, "EUR", periods, **fields)


def outcome_of(used: Session, tariff: Tariff, zone: Any) -> Rating:
    outcome = rate(used, [tariff], zone)
    assert isinstance(outcome, Rating), outcome
    return outcome
