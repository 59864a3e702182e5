"""Which element prices which dimension of a stretch: the first one that has it and applies.

OCPI mod_tariffs, Tariff object; for reservations ReservationRestrictionType.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.clearing.rating.matching import mismatch
from services.clearing.rating.results import CannotRate, Skipped
from services.clearing.rating.stretches import Stretch
from services.clearing.rating.tariffs import (
    ENERGY,
    FLAT,
    PARKING_TIME,
    RESERVATION_TIME,
    TIME,
    Component,
    Element,
    Reservation,
    Tariff,
)

_CHARGING: Final = (ENERGY, TIME, PARKING_TIME)


@dataclass(frozen=True, slots=True)
class Choice:
    """The component for one dimension; None where no element prices it.

    Attributes:
        dimension: ENERGY, TIME, PARKING_TIME, RESERVATION_TIME or FLAT.
        reservation: It is for the reservation.
        element: Counted from 1.
    """

    dimension: str
    reservation: bool
    element: int | None
    component: Component | None
    skipped: tuple[Skipped, ...]


def choices(stretch: Stretch, *, unused: bool) -> tuple[Choice, ...]:
    """Return the choice for each dimension that the stretch measures, and for FLAT.

    Args:
        stretch: Of the session.
        unused: The reservation expired.

    Raises:
        CannotRate: when it cannot be told whether an element applies on which the price depends.
    """
    if stretch.tariff is None:
        return tuple(Choice(kind, kind == RESERVATION_TIME, None, None, ()) for kind in stretch.volumes)
    chosen = []
    if stretch.charging:
        elements = [each for each in _numbered(stretch.tariff) if each[1].restrictions.reservation is None]
        wanted = [kind for kind in stretch.volumes if kind in _CHARGING]
        chosen += [_choose(stretch, elements, kind, kind, reservation=False) for kind in (FLAT, *wanted)]
    if stretch.reserved:
        elements = list(_for_reservation(stretch.tariff, unused=unused))
        chosen.append(_choose(stretch, elements, FLAT, FLAT, reservation=True))
        if RESERVATION_TIME in stretch.volumes:
            chosen.append(_choose(stretch, elements, RESERVATION_TIME, TIME, reservation=True))
    return tuple(chosen)


def _numbered(tariff: Tariff) -> Iterator[tuple[int, Element]]:
    return enumerate(tariff.elements, 1)


def _for_reservation(tariff: Tariff, *, unused: bool) -> Iterator[tuple[int, Element]]:
    """Return the elements for a reservation: where it expired, those that say so come first, wherever they stand."""
    kinds = (Reservation.RESERVATION_EXPIRES, Reservation.RESERVATION) if unused else (Reservation.RESERVATION,)
    for kind in kinds:
        for number, element in _numbered(tariff):
            if element.restrictions.reservation is kind:
                yield number, element


def _choose(
    stretch: Stretch, elements: Sequence[tuple[int, Element]], dimension: str, kind: str, *, reservation: bool
) -> Choice:
    skipped: list[Skipped] = []
    for number, element in elements:
        component = next((each for each in element.components if each.component_type == kind), None)
        if component is None:
            continue
        found = mismatch(element.restrictions, stretch.moment)
        if found is None:
            return Choice(dimension, reservation, number, component, tuple(skipped))
        if not found.certain:
            raise CannotRate(f"period {stretch.period}, element {number}: {found.reason}")
        skipped.append(Skipped(number, found.reason))
    return Choice(dimension, reservation, None, None, tuple(skipped))
