"""Which element prices which dimension of a stretch: the first one that has it and applies.

OCPI mod_tariffs, Tariff object; for reservations ReservationRestrictionType.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from services.clearing.rating.matching import Moment, mismatch
from services.clearing.rating.results import Skipped
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
from services.clearing.rating.usage import Wanted

CHARGING: Final = (ENERGY, TIME, PARKING_TIME)


@dataclass(frozen=True, slots=True, eq=False)
class Price:
    """A component in its place: two that say the same are two all the same.

    Attributes:
        element: Counted from 1.
        reservation: It is for a reservation.
    """

    tariff: Tariff
    element: int
    component: Component
    reservation: bool


class Choice(NamedTuple):
    """The price of one dimension; None where no element prices it.

    Attributes:
        dimension: ENERGY, TIME, PARKING_TIME, RESERVATION_TIME or FLAT.
        reservation: It is for the reservation.
        unsure: Why nobody can say which element applies.
    """

    dimension: str
    reservation: bool
    price: Price | None
    skipped: tuple[Skipped, ...] = ()
    unsure: str | None = None


Candidates = Sequence[tuple[Element, Price]]


class Prices:
    """The elements of a tariff that can price each dimension, in the order in which they are asked."""

    def __init__(self, tariff: Tariff | None) -> None:
        self._session = _candidates(tariff, (None,), CHARGING)
        self._reserved = _candidates(tariff, (Reservation.RESERVATION,), (TIME,))
        # Where a reservation expired, the elements that say so come first, wherever they stand.
        self._expired = _candidates(tariff, (Reservation.RESERVATION_EXPIRES, Reservation.RESERVATION), (TIME,))

    def choices(self, wanted: Wanted, moment: Moment) -> tuple[Choice, ...]:
        """Return the choice for FLAT and for each dimension that a stretch measures."""
        chosen = []
        if wanted.charging:
            kinds = [kind for kind in wanted.kinds if kind in CHARGING]
            chosen += [_choose(self._session, kind, kind, moment, reservation=False) for kind in (FLAT, *kinds)]
        if wanted.reserved:
            candidates = self._expired if wanted.unused else self._reserved
            chosen.append(_choose(candidates, FLAT, FLAT, moment, reservation=True))
            if RESERVATION_TIME in wanted.kinds:
                chosen.append(_choose(candidates, TIME, RESERVATION_TIME, moment, reservation=True))
        return tuple(chosen)


def _candidates(
    tariff: Tariff | None, which: Sequence[Reservation | None], kinds: Sequence[str]
) -> Mapping[str, Candidates]:
    found: dict[str, list[tuple[Element, Price]]] = {kind: [] for kind in (FLAT, *kinds)}
    for number, element in _for(tariff, which):
        for kind, candidates in found.items():
            component = next((each for each in element.components if each.component_type == kind), None)
            if component is not None and tariff is not None:
                candidates.append((element, Price(tariff, number, component, which[0] is not None)))
    return found


def _for(tariff: Tariff | None, which: Sequence[Reservation | None]) -> Iterator[tuple[int, Element]]:
    for kind in which:
        for number, element in enumerate(() if tariff is None else tariff.elements, 1):
            if element.restrictions.reservation is kind:
                yield number, element


def _choose(
    candidates: Mapping[str, Candidates], kind: str, dimension: str, moment: Moment, *, reservation: bool
) -> Choice:
    skipped: list[Skipped] = []
    for element, price in candidates[kind]:
        found = mismatch(element.restrictions, moment)
        if found is None:
            return Choice(dimension, reservation, price, tuple(skipped))
        if not found.certain:
            return Choice(dimension, reservation, None, tuple(skipped), f"element {price.element}: {found.reason}")
        skipped.append(Skipped(price.element, found.reason))
    return Choice(dimension, reservation, None, tuple(skipped))
