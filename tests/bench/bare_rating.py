"""What the price alone costs: the same additions, steps, products and taxes, without restrictions and explanation."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from services.clearing.rating.sessions import Session
from services.clearing.rating.tariffs import Component, Tariff
from services.core.money import EXACT, ZERO, RoundingMode, RoundingRule, quantize8

_UNITS: Final = {"ENERGY": Decimal(1000), "TIME": Decimal(3600), "PARKING_TIME": Decimal(3600)}
_HUNDRED: Final = Decimal(100)
_RULE: Final = RoundingRule(RoundingMode.HALF_UP, 2)


def components(tariff: Tariff) -> Mapping[str, Component]:
    """The first price of each dimension."""
    found: dict[str, Component] = {}
    for element in tariff.elements:
        for component in element.components:
            if element.restrictions.reservation is None:
                found.setdefault(component.component_type, component)
    return found


def price(session: Session, prices: Mapping[str, Component]) -> tuple[Decimal, Decimal]:
    """The totals without and with tax."""
    volumes: dict[str, Decimal] = {"FLAT": Decimal(1)}
    for period in session.periods:
        for kind, volume in period.volumes.items():
            volumes[kind] = EXACT.add(volumes.get(kind, ZERO), volume)
    excl_tax = tax = ZERO
    for kind, component in prices.items():
        amount = quantize8(EXACT.multiply(_stepped(kind, volumes.get(kind, ZERO), component), component.price))
        excl_tax = EXACT.add(excl_tax, amount)
        percent = component.vat_percent or ZERO
        tax = EXACT.add(tax, quantize8(EXACT.divide(EXACT.multiply(amount, percent), _HUNDRED)))
    return _RULE.round(excl_tax), _RULE.round(EXACT.add(excl_tax, tax))


def _stepped(kind: str, volume: Decimal, component: Component) -> Decimal:
    if kind not in _UNITS:
        return volume
    step = component.step_size or Decimal(1)
    blocks = EXACT.divide(EXACT.multiply(volume, _UNITS[kind]), step).to_integral_value("ROUND_CEILING", EXACT)
    return EXACT.divide(EXACT.multiply(blocks, step), _UNITS[kind])
