"""step_size: what is billed for what was measured.

OCPI mod_cdrs, step_size: once for the energy of a session and once for its time, where the last billable of TIME and
PARKING_TIME is rounded up alone; the step is that of the component that was used last, which gets what is added.
"""

import decimal
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from services.clearing.rating.figures import figure
from services.clearing.rating.measuring import Use
from services.clearing.rating.results import CannotRate
from services.clearing.rating.tariffs import ENERGY, FLAT, TIME
from services.core.money import ZERO

_UNITS_OF_STEPS: Final = {ENERGY: Decimal(1000)}
_SECONDS: Final = Decimal(3600)
_ONCE: Final = Decimal(1)
# Durations are hours of four decimals, so 100 minutes come as 1.6667 h = 6000.12 s and must not become 6001 s.
_HALF_DIGIT_SECONDS: Final = Decimal("0.18")
# Shares of an interpolated period have twenty digits; what is lost there begins no new step.
_BEGUN: Final = Decimal("1E-12")


class Billed(NamedTuple):
    """A use and its volume after step_size, in units of the step: watt-hours, seconds, or 1."""

    use: Use
    volume: Decimal
    per_unit: Decimal


def bill(uses: Sequence[Use]) -> tuple[Billed, ...]:
    """Return what is billed of every use; the uses are in the order in which they were last added to.

    Raises:
        CannotRate: when a volume is negative or the step that counts is no positive whole number.
    """
    for use in uses:
        if use.volume < 0:
            raise CannotRate(f"the {use.component.component_type} of the periods is negative")
    last = {_group(use): use for use in uses if use.volume}
    return tuple(_billed(use, uses, whole=last.get(_group(use)) is use) for use in uses)


def _group(use: Use) -> tuple[str, bool]:
    kind = use.component.component_type
    return (kind if kind in {ENERGY, FLAT} else TIME), use.reservation


def _billed(use: Use, uses: Sequence[Use], *, whole: bool) -> Billed:
    kind = use.component.component_type
    if kind == FLAT:
        return Billed(use, use.volume, _ONCE)
    per_unit = _UNITS_OF_STEPS.get(kind, _SECONDS)
    volume = use.volume * per_unit
    if not whole:
        return Billed(use, volume, per_unit)
    alike = [each for each in uses if each.component.component_type == kind and each.reservation == use.reservation]
    return Billed(use, max(ZERO, volume + _added(alike, _step(use), per_unit)), per_unit)


def _step(use: Use) -> Decimal:
    step = use.component.step_size
    if step is None or step < 1 or step != step.to_integral_value():
        told = "none" if step is None else figure(step)
        raise CannotRate(f"the step size of {use.component.component_type} in element {use.element} is {told}")
    return step


def _added(uses: Sequence[Use], step: Decimal, per_unit: Decimal) -> Decimal:
    """Return what the rounding up of the sum adds; it can take away a rounded digit."""
    total = sum((use.volume for use in uses), ZERO) * per_unit
    blocks = max(ZERO, total - _allowance(uses, step, per_unit)) / step
    return step * _up(blocks) - total


def _allowance(uses: Sequence[Use], step: Decimal, per_unit: Decimal) -> Decimal:
    if per_unit != _SECONDS:
        return ZERO
    # Each period's duration was rounded; a second more or less is nothing, a whole block of step_size is.
    return _HALF_DIGIT_SECONDS if step == 1 else _HALF_DIGIT_SECONDS * sum(use.periods for use in uses)


def _up(blocks: Decimal) -> Decimal:
    return blocks.quantize(_BEGUN).to_integral_value(decimal.ROUND_CEILING)
