"""How much of each component was used, before any step_size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from operator import attrgetter
from typing import Final

from services.clearing.rating.borders import MICROSECONDS
from services.clearing.rating.calendars import Course, calendar_of
from services.clearing.rating.choosing import Choice, Price
from services.clearing.rating.figures import figure
from services.clearing.rating.plans import Plan
from services.clearing.rating.results import CannotRate, Part
from services.clearing.rating.stretches import Stretch, Whole, stretches, wholes
from services.clearing.rating.tariffs import ENERGY, FLAT, PARKING_TIME, TIME, Component, Tariff
from services.clearing.rating.usage import LOOSE_SECONDS, Usage
from services.core.money import ZERO

_ONE: Final = Decimal(1)
_HOUR: Final = Decimal(3600)
_MICROSECONDS_OF_AN_HOUR: Final = Decimal(3_600_000_000)
_LOOSE: Final = LOOSE_SECONDS * 1_000_000


@dataclass(slots=True)
class Use:
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


@dataclass(frozen=True, slots=True)
class Measured:
    """All parts of a session, and its uses in the order in which each was last added to."""

    parts: tuple[Part, ...]
    uses: tuple[Use, ...]


def measure(usage: Usage, plans: Sequence[Plan], zone: tzinfo | None) -> Measured:
    """Return what was used of which component; there is one plan for each period.

    Raises:
        CannotRate: when it cannot be told.
    """
    ledger = _Ledger()
    courses = {plan: _course(usage, plan, zone) for plan in set(plans)}
    for whole in wholes(usage, plans):
        cut = stretches(whole, courses[whole.plan])
        if len(cut) > 1:
            _check_sure(whole, cut)
        _check_times(whole, cut)
        for stretch in cut:
            ledger.add(whole, stretch, interpolated=len(cut) > 1)
    return Measured(tuple(ledger.parts), tuple(sorted(ledger.uses.values(), key=attrgetter("last"))))


def _course(usage: Usage, plan: Plan, zone: tzinfo | None) -> Course | None:
    """Return what the local calendar does to a tariff in a session."""
    if zone is None or plan.marks is None:
        return None
    start, last = usage.readings[0].period.started_at, usage.readings[-1].period.started_at
    return calendar_of(plan.marks, zone).course(start, max(usage.session.ended_at, last))


def _check_sure(whole: Whole, cut: Sequence[Stretch]) -> None:
    for choice in (each for stretch in cut for each in stretch.choices):
        if choice.unsure is not None and choice.dimension != FLAT:
            raise CannotRate(f"period {whole.number}, {choice.unsure}")


def _check_times(whole: Whole, cut: Sequence[Stretch]) -> None:
    """Refuse a period of which nobody knows when in it something was used, where that matters."""
    timed, hours = whole.plan.timed, whole.reading.hours
    if not hours or not (timed or len(cut) > 1):
        return
    measured = hours * _MICROSECONDS_OF_AN_HOUR
    if timed and measured > whole.microseconds + _LOOSE:
        raise CannotRate(f"period {whole.number} measures {_seconds(whole)[0]} s and lasts {_seconds(whole)[1]} s")
    if len(cut) == 1 or len({_applied(stretch.choices, timed=timed) for stretch in cut}) == 1:
        return
    change = f"the price changes within period {whole.number}"
    if measured < whole.microseconds - _LOOSE:
        raise CannotRate(f"{change}, which lasts {_seconds(whole)[1]} s and measures {_seconds(whole)[0]} s")
    if TIME in whole.reading.kinds and PARKING_TIME in whole.reading.kinds:
        raise CannotRate(f"{change}, which measures TIME and PARKING_TIME")


def _seconds(whole: Whole) -> tuple[str, str]:
    return figure(whole.reading.hours * _HOUR), figure(whole.microseconds / MICROSECONDS)


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

    def add(self, whole: Whole, stretch: Stretch, *, interpolated: bool) -> None:
        """Note a stretch.

        Raises:
            CannotRate: when nobody can say which element applies.
        """
        began, ended, volumes, choices = stretch
        tariff = whole.plan.tariff
        name = None if tariff is None else tariff.tariff_id
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
                raise CannotRate(f"period {whole.number}, {unsure}")
            element = unit = None
            if price is not None:
                element, unit = price.element, price.component.price
                use = self.uses.get(price)
                if use is None:
                    use = self.uses[price] = Use(price.tariff, element, price.component, reservation)
                use.volume += volume
                use.periods += 1
                use.last = len(self.parts)
            self.parts.append(Part(whole.number, began, ended, name, dimension, volume, element, skipped, shared, unit))
