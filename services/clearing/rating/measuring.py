"""How much of each component was used, before any step_size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import Decimal
from itertools import groupby
from typing import Final

from services.clearing.rating.choosing import Choice, choices
from services.clearing.rating.figures import figure
from services.clearing.rating.results import CannotRate, Part
from services.clearing.rating.sessions import Session
from services.clearing.rating.stretches import Stretch, expired, measured_seconds, stretches
from services.clearing.rating.tariffs import ENERGY, FLAT, PARKING_TIME, TIME, Component, Tariff
from services.core.money import EXACT

_ONE: Final = Decimal(1)
_LOOSE_SECONDS: Final = Decimal(60)
"""How far a period's measured time may be from its clock time where the price depends on the clock."""


@dataclass(frozen=True, slots=True)
class Use:
    """What one component prices in all; `periods` is how many measurements it is from."""

    tariff: Tariff
    element: int
    component: Component
    reservation: bool
    volume: Decimal
    periods: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All parts of a session, and its uses in the order in which each was last added to."""

    parts: tuple[Part, ...]
    uses: tuple[Use, ...]


def measure(session: Session, tariffs: Sequence[Tariff | None], zone: tzinfo | None) -> Measured:
    """Return what was used of which component; there is one tariff, or None, for each period.

    Raises:
        CannotRate: when it cannot be told.
    """
    unused = expired(session)
    parts: list[Part] = []
    uses: dict[tuple[str, int, str, bool], Use] = {}
    flat: set[bool] = set()
    decided = [(stretch, choices(stretch, unused=unused)) for stretch in stretches(session, tariffs, zone)]
    for _, of_period in groupby(decided, key=lambda each: each[0].period):
        merged = list(_merged(list(of_period)))
        _check_times(session, merged)
        for stretch, chosen in merged:
            for choice in chosen:
                if choice.dimension != FLAT or _is_due(choice, flat):
                    parts.append(_part(stretch, choice, interpolated=len(merged) > 1))
                    _add(uses, stretch, choice)
    return Measured(tuple(parts), tuple(uses.values()))


def _merged(decided: Sequence[tuple[Stretch, tuple[Choice, ...]]]) -> Iterator[tuple[Stretch, tuple[Choice, ...]]]:
    """Join neighbours of one period that are priced alike: the border between them was nobody's."""
    for chosen, group in groupby(decided, key=lambda each: each[1]):
        members = [stretch for stretch, _ in group]
        volumes = dict(members[0].volumes)
        for stretch in members[1:]:
            for kind, volume in stretch.volumes.items():
                volumes[kind] = EXACT.add(volumes.get(kind, Decimal(0)), volume)
        yield replace(members[0], ended_at=members[-1].ended_at, volumes=volumes), chosen


def _check_times(session: Session, merged: Sequence[tuple[Stretch, tuple[Choice, ...]]]) -> None:
    """Refuse a period of which nobody knows when in it something was used, where that matters."""
    first = merged[0][0]
    period, tariff = session.periods[first.period - 1], first.tariff
    measured = measured_seconds(period)
    if tariff is None or not measured:
        return
    timed = any(each.restrictions.timed for each in tariff.elements)
    if timed and measured > first.seconds + _LOOSE_SECONDS:
        raise CannotRate(f"period {first.period} measures {figure(measured)} s and lasts {figure(first.seconds)} s")
    if len({_applied(chosen, timed=timed) for _, chosen in merged}) < 2:
        return
    change = f"the price changes within period {first.period}"
    if measured < first.seconds - _LOOSE_SECONDS:
        raise CannotRate(f"{change}, which lasts {figure(first.seconds)} s and measures {figure(measured)} s")
    if period.volumes.get(TIME) and period.volumes.get(PARKING_TIME):
        raise CannotRate(f"{change}, which measures TIME and PARKING_TIME")


def _applied(chosen: Sequence[Choice], *, timed: bool) -> tuple[tuple[str, int | None], ...]:
    """Return what has to be shared by time: energy borders divide energy exactly, whenever they were passed."""
    unshared = {FLAT} if timed else {FLAT, ENERGY}
    return tuple((each.dimension, each.element) for each in chosen if each.dimension not in unshared)


def _is_due(choice: Choice, flat: set[bool]) -> bool:
    """Say whether this flat price is the first one: there is one for the session, and one for the reservation."""
    if choice.component is None or choice.reservation in flat:
        return False
    flat.add(choice.reservation)
    return True


def _part(stretch: Stretch, choice: Choice, *, interpolated: bool) -> Part:
    flat = choice.dimension == FLAT
    return Part(
        period=stretch.period,
        started_at=stretch.started_at,
        ended_at=stretch.ended_at,
        tariff_id=None if stretch.tariff is None else stretch.tariff.tariff_id,
        dimension=choice.dimension,
        volume=_ONE if flat else stretch.volumes[choice.dimension],
        element=choice.element,
        skipped=choice.skipped,
        interpolated=interpolated and not flat,
    )


def _add(uses: dict[tuple[str, int, str, bool], Use], stretch: Stretch, choice: Choice) -> None:
    if choice.component is None or choice.element is None or stretch.tariff is None:
        return
    volume = _ONE if choice.dimension == FLAT else stretch.volumes[choice.dimension]
    name = (stretch.tariff.tariff_id, choice.element, choice.component.component_type, choice.reservation)
    before = uses.pop(name, None)
    uses[name] = Use(
        stretch.tariff,
        choice.element,
        choice.component,
        choice.reservation,
        volume if before is None else EXACT.add(before.volume, volume),
        1 if before is None else before.periods + 1,
    )
