"""A tariff made ready, once for all its sessions: what its restrictions look at, and the choices made before."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Final

from services.clearing.rating.borders import Bounds, bounds_of
from services.clearing.rating.calendars import Marks, marks_of
from services.clearing.rating.choosing import Choice, Prices
from services.clearing.rating.matching import Moment
from services.clearing.rating.results import CannotRate
from services.clearing.rating.tariffs import UNITS, Tariff
from services.clearing.rating.usage import Wanted
from services.core.money import quantize8

_REMEMBERED_PLANS: Final = 128
_REMEMBERED_CHOICES: Final = 2048
"""Of each tariff. Most have a handful: which side of each bound a stretch is on, and what it measures."""


class Plan:
    """A tariff made ready; None stands for periods without one.

    Attributes:
        bounds: Of its restrictions.
        marks: On the calendar; None where no restriction looks at it.
        timed: It matters when something happened.
        priced: The dimensions of a session that cost something.
    """

    __slots__ = ("_chosen", "_prices", "_same", "bounds", "marks", "priced", "tariff", "timed")

    def __init__(self, tariff: Tariff | None) -> None:
        elements = () if tariff is None else tariff.elements
        wanted = [element.restrictions for element in elements]
        self.tariff: Final = tariff
        self.bounds: Final[Bounds] = bounds_of(wanted)
        self.marks: Final[Marks | None] = marks_of(wanted)
        self.timed: Final = any(each.timed for each in wanted)
        self.priced: Final = frozenset(
            component.component_type
            for element in elements
            for component in element.components
            if component.price and element.restrictions.reservation is None
        )
        self._prices: Final = Prices(tariff)
        self._chosen: Final[dict[Hashable, tuple[Choice, ...]]] = {}
        self._same: Final[dict[tuple[Choice, ...], tuple[Choice, ...]]] = {}

    def known(self, state: Hashable) -> tuple[Choice, ...] | None:
        """Return the choices made before for a stretch in this state."""
        return self._chosen.get(state)

    def choose(self, state: Hashable, wanted: Wanted, moment: Moment) -> tuple[Choice, ...]:
        """Make the choices for a stretch, and remember them; equal choices are one object.

        Args:
            state: What it needs prices for, and on which side of each bound and mark it is: stretches of one state
                have the same choices.
            wanted: What it needs prices for.
            moment: What restrictions look at.
        """
        if len(self._chosen) >= _REMEMBERED_CHOICES:
            self._chosen.clear()
            self._same.clear()
        found = self._prices.choices(wanted, moment)
        found = self._chosen[state] = self._same.setdefault(found, found)
        return found


NO_PLAN: Final = Plan(None)


@lru_cache(_REMEMBERED_PLANS)
def plan_of(tariff: Tariff) -> Plan:
    """Return the plan of a tariff.

    Raises:
        CannotRate: when it prices nothing, or what neither version of OCPI knows.
        services.core.money.OutOfRange: when a price does not fit decimal(28,8).
    """
    if not any(element.components for element in tariff.elements):
        raise CannotRate("the tariff has no prices")
    for element in tariff.elements:
        for component in element.components:
            if component.component_type not in UNITS:
                raise CannotRate(f"the tariff prices {component.component_type[:40]}")
            quantize8(component.price)
    return Plan(tariff)
