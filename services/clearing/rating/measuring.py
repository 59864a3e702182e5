"""How much of each component was used, before any step_size."""

from collections.abc import Sequence
from datetime import tzinfo
from decimal import Decimal
from operator import attrgetter
from typing import Final

import msgspec

from services.clearing.rating.borders import MICROSECOND, MICROSECONDS
from services.clearing.rating.calendars import Course, calendar_of
from services.clearing.rating.choosing import Choice, Price
from services.clearing.rating.figures import figure
from services.clearing.rating.plans import Plan
from services.clearing.rating.results import CannotRate, Part
from services.clearing.rating.stretches import Cutter, Stretch
from services.clearing.rating.tariffs import ENERGY, FLAT, PARKING_TIME, TIME, Component, Tariff
from services.clearing.rating.usage import LOOSE_SECONDS, Reading, Usage
from services.core.money import ZERO

_ONE: Final = Decimal(1)
_SECONDS_OF_AN_HOUR: Final = Decimal(3600)
_SECONDS_OF_A_DAY: Final = 86_400
_new: Final = tuple.__new__


class Use(msgspec.Struct):
    """What one component prices in all.

    Attributes:
        periods: How many measurements it is from.
        last: The number of the part that it was last added from.
    """

    tariff: Tariff
    element: int
    component: Component
    reservation: bool
    volume: Decimal = ZERO
    periods: int = 0
    last: int = 0


class Measured(msgspec.Struct, frozen=True):
    """All parts of a session, and its uses in the order in which each was last added to."""

    parts: tuple[Part, ...]
    uses: tuple[Use, ...]


def measure(usage: Usage, plans: Sequence[Plan], zone: tzinfo | None) -> Measured:
    """Return what was used of which component; there is one plan for each period.

    Raises:
        CannotRate: when it cannot be told.
    """
    ledger = _Ledger()
    cutters = {plan: Cutter(plan, _course(usage, plan, zone)) for plan in set(plans)}
    for reading, plan in zip(usage.readings, plans, strict=True):
        cutter = cutters[plan]
        if plan.timed:
            _check_length(reading)
        chosen = cutter.whole(reading)
        if chosen is not None:
            only = Stretch(reading.started_at, reading.ended_at, reading.volumes, chosen)
            ledger.add(reading, plan, only, interpolated=False)
            continue
        stretches = cutter.cut(reading)
        _check_change(reading, plan, stretches)
        for stretch in stretches:
            ledger.add(reading, plan, stretch, interpolated=len(stretches) > 1)
    return Measured(tuple(ledger.parts), tuple(sorted(ledger.uses.values(), key=attrgetter("last"))))


def _course(usage: Usage, plan: Plan, zone: tzinfo | None) -> Course | None:
    """Return what the local calendar does to a tariff in a session."""
    if zone is None or plan.marks is None:
        return None
    start, last = usage.readings[0].started_at, usage.readings[-1].started_at
    return calendar_of(plan.marks, zone).course(start, max(usage.session.ended_at, last))


def _check_length(reading: Reading) -> None:
    """Refuse a period that measures more time than it lasts: nobody knows when that was."""
    span = reading.ended_at - reading.started_at
    if reading.hours * _SECONDS_OF_AN_HOUR > span.days * _SECONDS_OF_A_DAY + span.seconds + LOOSE_SECONDS:
        measured, lasts = _seconds(reading)
        raise CannotRate(f"period {reading.number} measures {measured} s and lasts {lasts} s")


def _check_change(reading: Reading, plan: Plan, stretches: Sequence[Stretch]) -> None:
    """Refuse a period of which nobody knows what was used before and what after another element applied."""
    for choice in (each for stretch in stretches for each in stretch.choices):
        if choice.unsure is not None and choice.dimension != FLAT:
            raise CannotRate(f"period {reading.number}, {choice.unsure}")
    if not reading.hours or len({_applied(each.choices, timed=plan.timed) for each in stretches}) == 1:
        return
    change = f"the price changes within period {reading.number}"
    span = reading.ended_at - reading.started_at
    if reading.hours * _SECONDS_OF_AN_HOUR < span.days * _SECONDS_OF_A_DAY + span.seconds - LOOSE_SECONDS:
        measured, lasts = _seconds(reading)
        raise CannotRate(f"{change}, which lasts {lasts} s and measures {measured} s")
    if TIME in reading.volumes and PARKING_TIME in reading.volumes:
        raise CannotRate(f"{change}, which measures TIME and PARKING_TIME")


def _seconds(reading: Reading) -> tuple[str, str]:
    lasts = Decimal((reading.ended_at - reading.started_at) // MICROSECOND) / MICROSECONDS
    return figure(reading.hours * _SECONDS_OF_AN_HOUR), figure(lasts)


def _applied(chosen: Sequence[Choice], *, timed: bool) -> tuple[tuple[str, int | None], ...]:
    """Return what has to be shared by time: energy borders divide energy exactly, whenever they were passed."""
    unshared = {FLAT} if timed else {FLAT, ENERGY}
    counted = (each for each in chosen if each.dimension not in unshared)
    return tuple((each.dimension, None if each.price is None else each.price.element) for each in counted)


class _Ledger:
    """Notes parts and uses; one flat price is due for the session, and one for its reservation."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.uses: dict[Price, Use] = {}
        self._flat: set[bool] = set()

    def add(self, reading: Reading, plan: Plan, stretch: Stretch, *, interpolated: bool) -> None:
        """Note a stretch.

        Raises:
            CannotRate: when nobody can say which element applies.
        """
        began, ended, volumes, choices = stretch
        tariff_id = None if plan.tariff is None else plan.tariff.tariff_id
        for dimension, reservation, price, skipped, unsure in choices:
            shared = interpolated
            if dimension == FLAT:
                if reservation in self._flat or (price is None and unsure is None):
                    continue
                self._flat.add(reservation)
                volume, shared = _ONE, False
            else:
                volume = volumes[dimension]
            if unsure is not None:
                raise CannotRate(f"period {reading.number}, {unsure}")
            element = unit = None
            if price is not None:
                element, unit = price.element, price.component.price
                self._use(price, volume)
            told = (reading.number, began, ended, tariff_id, dimension, volume, element, skipped, shared, unit)
            # As the call of its class, and twice as fast; there is one for each dimension of each period.
            self.parts.append(_new(Part, told))

    def _use(self, price: Price, volume: Decimal) -> None:
        use = self.uses.get(price)
        if use is None:
            use = self.uses[price] = Use(price.tariff, price.element, price.component, price.reservation)
        use.volume += volume
        use.periods += 1
        use.last = len(self.parts)
