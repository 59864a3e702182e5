"""The price of a session by its tariffs, or why there is none."""

import decimal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from services.clearing.rating.limits import adjustment
from services.clearing.rating.measuring import Measured, measure
from services.clearing.rating.pricing import line_of, sums
from services.clearing.rating.results import DEFAULT_ROUNDING, CannotRate, NotRated, Outcome, Rating, Rounding
from services.clearing.rating.sessions import Period, Session
from services.clearing.rating.stepping import bill
from services.clearing.rating.stretches import expired
from services.clearing.rating.tariffs import ENERGY, FLAT, PARKING_TIME, RESERVATION_TIME, TIME, UNITS, Tariff, key
from services.core.money import EXACT, ZERO, OutOfRange, quantize8

_DIMENSIONS: Final = frozenset({ENERGY, TIME, PARKING_TIME, RESERVATION_TIME, FLAT})
_ORDER: Final = {kind: place for place, kind in enumerate(UNITS)}
_UNPRICED: Final = frozenset(
    {"CURRENT", "MAX_CURRENT", "MIN_CURRENT", "POWER", "MAX_POWER", "MIN_POWER", "STATE_OF_CHARGE"}
    | {"ENERGY_IMPORT", "ENERGY_EXPORT"}
)


def rate(
    session: Session, tariffs: Sequence[Tariff], zone: tzinfo | None, rounding: Rounding = DEFAULT_ROUNDING
) -> Outcome:
    """Return the price of a session with its explanation, or why there is none; it never raises for what it is given.

    Args:
        session: What was used.
        tariffs: Those that the session's periods name; where there is but one, it prices all periods.
        zone: Of the location; None where it is not known, which matters where a restriction looks at the local time.
        rounding: Of the two parties.
    """
    try:
        return _rate(session, tariffs, zone, rounding)
    except CannotRate as error:
        return NotRated(str(error))
    except OutOfRange:
        return NotRated("the price has too many digits")
    except (OverflowError, decimal.DecimalException):
        return NotRated("a number or a time is beyond what can be reckoned with")


def _rate(session: Session, tariffs: Sequence[Tariff], zone: tzinfo | None, rounding: Rounding) -> Rating:
    ordered = _in_order(session)
    by_period = _tariffs_of(ordered, tariffs)
    used = list({key(each.tariff_id): each for each in by_period if each is not None}.values())
    _check(ordered, used, by_period)
    measured = measure(ordered, by_period, zone)
    return _total(ordered, used, measured, rounding)


def _total(session: Session, used: Sequence[Tariff], measured: Measured, rounding: Rounding) -> Rating:
    billed = sorted(
        bill(measured.uses), key=lambda each: (each.use.reservation, _ORDER[each.use.component.component_type])
    )
    lines = [line_of(each, rounding) for each in billed]
    # A reservation that nobody used is no session that could have a least or a highest price.
    added = None if expired(session) else adjustment(used, sums(lines), rounding)
    if added is not None:
        lines.append(added)
    excl_tax, incl_tax = sums(lines)
    return Rating(
        currency=session.currency,
        parts=measured.parts,
        lines=tuple(lines),
        rounding=rounding,
        excl_tax=None if excl_tax is None else rounding.rule.round(excl_tax),
        incl_tax=None if incl_tax is None else rounding.rule.round(incl_tax),
    )


def _in_order(session: Session) -> Session:
    """Return the session with its periods in order of time, and at least one: a flat price needs no measurement."""
    periods = sorted(session.periods, key=lambda period: period.started_at)
    return replace(session, periods=periods or [Period(session.started_at, {})])


def _tariffs_of(session: Session, tariffs: Sequence[Tariff]) -> list[Tariff | None]:
    """Return the tariff of each period; OCPI mod_cdrs, ChargingPeriod: where it names none, none is relevant."""
    known: dict[str, Tariff] = {}
    for tariff in tariffs:
        if known.setdefault(key(tariff.tariff_id), tariff) != tariff:
            raise CannotRate(f"there are two different tariffs {tariff.tariff_id}")
    names = {key(period.tariff_id) for period in session.periods if period.tariff_id is not None}
    unknown = sorted(names - known.keys())
    if unknown:
        raise CannotRate(f"tariff {unknown[0]} is not known")
    if len(names | known.keys()) == 1:
        return [next(iter(known.values()))] * len(session.periods)
    if not names:
        raise CannotRate("there are several tariffs and no period names one" if known else "there is no tariff")
    return [None if period.tariff_id is None else known[key(period.tariff_id)] for period in session.periods]


def _check(session: Session, used: Sequence[Tariff], by_period: Sequence[Tariff | None]) -> None:
    for tariff in used:
        _check_tariff(session, tariff)
        began = next(
            period.started_at for period, each in zip(session.periods, by_period, strict=True) if each is tariff
        )
        _check_validity(tariff, session.started_at if by_period[0] is tariff else began)
        if tariff.restricted and session.ended_at < session.started_at:
            raise CannotRate("the session ends before it starts")
    for period in session.periods:
        for kind, volume in period.volumes.items():
            if kind not in _DIMENSIONS and kind not in _UNPRICED:
                raise CannotRate(f"a period measures {kind}")
            quantize8(volume)
    _check_measured(session, used)


def _check_tariff(session: Session, tariff: Tariff) -> None:
    if tariff.currency != session.currency:
        raise CannotRate("the tariff is in another currency")
    if not any(element.components for element in tariff.elements):
        raise CannotRate("the tariff has no prices")
    for element in tariff.elements:
        for component in element.components:
            if component.component_type not in UNITS:
                raise CannotRate(f"the tariff prices {component.component_type}")
            quantize8(component.price)


def _check_validity(tariff: Tariff, began: datetime) -> None:
    """Refuse a tariff that was not valid when its part of the session began; one that ends later goes on to its end."""
    too_early = tariff.valid_from is not None and began < tariff.valid_from
    if too_early or (tariff.valid_until is not None and began >= tariff.valid_until):
        raise CannotRate("the tariff does not apply at the start of the session")


def _check_measured(session: Session, used: Sequence[Tariff]) -> None:
    """Refuse a session whose periods lack what the tariff prices and the CDR's totals have."""
    measured = {kind for period in session.periods for kind in period.volumes}
    totals = _without_reservation(session)
    if session.without_evse and any(period.volumes.get(kind) for period in session.periods for kind in totals):
        raise CannotRate("no EVSE was used, and yet a period measures energy or time")
    priced = {
        component.component_type
        for tariff in used
        for element in tariff.elements
        for component in element.components
        if component.price and element.restrictions.reservation is None
    }
    for kind in sorted(priced):
        if kind not in measured and totals.get(kind) and not expired(session):
            raise CannotRate(f"no period measures {kind}")


def _without_reservation(session: Session) -> Mapping[str, Decimal]:
    """Return the totals; whether the time of a session has that of its reservation in it, the text does not say."""
    time = session.totals.get(TIME, ZERO)
    for period in session.periods:
        time = EXACT.subtract(time, period.volumes.get(RESERVATION_TIME, ZERO))
    return {ENERGY: ZERO, PARKING_TIME: ZERO, **session.totals, TIME: max(ZERO, time)}
