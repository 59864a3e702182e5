"""The price of a session by its tariffs, or why there is none."""

import decimal
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Final

from services.clearing.rating.limits import adjustment
from services.clearing.rating.measuring import Measured, measure
from services.clearing.rating.plans import NO_PLAN, Plan, plan_of
from services.clearing.rating.pricing import line_of, sums
from services.clearing.rating.results import DEFAULT_ROUNDING, CannotRate, NotRated, Outcome, Rating, Rounding
from services.clearing.rating.sessions import Session
from services.clearing.rating.stepping import bill
from services.clearing.rating.tariffs import UNITS, Tariff, key
from services.clearing.rating.usage import Usage, check_inside, check_measured, usage_of
from services.core.money import EXACT, OutOfRange

_ORDER: Final = {kind: place for place, kind in enumerate(UNITS)}


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
        # Inside the engine numbers are reckoned with operators, and so none is rounded.
        with decimal.localcontext(EXACT):
            return _rate(session, tariffs, zone, rounding)
    except CannotRate as error:
        return NotRated(str(error))
    except OutOfRange:
        return NotRated("the price has too many digits")
    except (OverflowError, decimal.DecimalException):
        return NotRated("a number or a time is beyond what can be reckoned with")


def _rate(session: Session, tariffs: Sequence[Tariff], zone: tzinfo | None, rounding: Rounding) -> Rating:
    usage = usage_of(session)
    by_period = _tariffs_of(usage, tariffs)
    used = list({key(each.tariff_id): each for each in by_period if each is not None}.values())
    plans = {id(tariff): plan_of(tariff) for tariff in used}
    _check(usage, used, by_period, plans.values())
    measured = measure(usage, [NO_PLAN if each is None else plans[id(each)] for each in by_period], zone)
    return _total(usage, used, measured, rounding)


def _total(usage: Usage, used: Sequence[Tariff], measured: Measured, rounding: Rounding) -> Rating:
    billed = sorted(
        bill(measured.uses), key=lambda each: (each.use.reservation, _ORDER[each.use.component.component_type])
    )
    lines = [line_of(each, rounding) for each in billed]
    # A reservation that nobody used is no session that could have a least or a highest price.
    added = None if usage.unused else adjustment(used, lines, rounding)
    if added is not None:
        lines.append(added)
    excl_tax, incl_tax = sums(lines)
    return Rating(
        currency=usage.session.currency,
        parts=measured.parts,
        lines=tuple(lines),
        rounding=rounding,
        excl_tax=None if excl_tax is None else rounding.rule.round(excl_tax),
        incl_tax=None if incl_tax is None else rounding.rule.round(incl_tax),
    )


def _tariffs_of(usage: Usage, tariffs: Sequence[Tariff]) -> list[Tariff | None]:
    """Return the tariff of each period; OCPI mod_cdrs, ChargingPeriod: where it names none, none is relevant."""
    known: dict[str, Tariff] = {}
    ids = [reading.tariff_id for reading in usage.readings]
    for tariff in tariffs:
        if known.setdefault(key(tariff.tariff_id), tariff) != tariff:
            raise CannotRate(f"there are two different tariffs {tariff.tariff_id}")
    names = {key(name) for name in ids if name is not None}
    unknown = sorted(names - known.keys())
    if unknown:
        raise CannotRate(f"tariff {unknown[0]} is not known")
    if len(names | known.keys()) == 1:
        return [next(iter(known.values()))] * len(ids)
    if not names:
        raise CannotRate("there are several tariffs and no period names one" if known else "there is no tariff")
    return [None if name is None else known[key(name)] for name in ids]


def _check(usage: Usage, used: Sequence[Tariff], by_period: Sequence[Tariff | None], plans: Iterable[Plan]) -> None:
    session = usage.session
    for tariff in used:
        if tariff.currency != session.currency:
            raise CannotRate("the tariff is in another currency")
        first = next(number for number, each in enumerate(by_period) if each is tariff)
        _check_validity(tariff, usage.readings[first].started_at if first else session.started_at)
    if session.ended_at < session.started_at and any(tariff.restricted for tariff in used):
        raise CannotRate("the session ends before it starts")
    if any(plan.timed for plan in plans):
        check_inside(usage)
    check_measured(usage, frozenset().union(*(plan.priced for plan in plans)))


def _check_validity(tariff: Tariff, began: datetime) -> None:
    """Refuse a tariff that was not valid when its part of the session began; one that ends later goes on to its end."""
    too_early = tariff.valid_from is not None and began < tariff.valid_from
    if too_early or (tariff.valid_until is not None and began >= tariff.valid_until):
        raise CannotRate("the tariff does not apply at the start of the session")
