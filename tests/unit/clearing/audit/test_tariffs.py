from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.codes import Code
from services.clearing.rating.tariffs import Component, Element, Limit, Restrictions
from tests.unit.clearing.audit.examples import HOUR, PER_HOUR, PER_KWH, Example, codes, period, tariff
from tests.unit.clearing.samples import END, START, location

HALF = {"ENERGY": "10", "TIME": "1"}
CHANGED = (period(HALF, tariff_id="T1"), period(HALF, START + HOUR, tariff_id="T2"))
NEVER = [Element([PER_KWH], Restrictions(min_kwh=Decimal(100)))]
UNNAMED = {"tariffs": [], "periods": (period(HALF, tariff_id=None),)}


def by(*tariffs: Any, **changes: Any) -> dict[str, Any]:
    return {"tariffs": list(tariffs)} | changes


def known(*tariffs: Any) -> dict[str, Any]:
    return {"tariffs": {each.tariff_id.casefold(): each for each in tariffs}}


def component(kind: str, **changes: Any) -> Component:
    return Component(kind, Decimal("0.25"), **changes)


FOUND = [
    Example(Code.TARIFF_NOT_NAMED, UNNAMED),
    Example(Code.TARIFF_NOT_FOUND, by()),
    Example(Code.TARIFF_NOT_FOUND, by(tariff(), periods=CHANGED)),
    Example(Code.TARIFF_NOT_VALID, by(tariff(valid_from=START + HOUR))),
    Example(Code.TARIFF_NOT_VALID, by(tariff(valid_until=START))),
    Example(Code.TARIFF_NOT_VALID, by(), known(tariff(valid_until=START))),
    Example(Code.TARIFF_NOT_VALID, by(tariff()), known(tariff(valid_until=START))),
    Example(Code.TARIFF_NOT_VALID, by(tariff()), known(tariff(valid_from=START + HOUR))),
    Example(Code.TARIFF_NOT_VALID, by(tariff(), tariff(tariff_id="T2", valid_until=START + HOUR), periods=CHANGED)),
    Example(Code.TARIFF_DIFFERS, by(tariff(component("ENERGY"))), known(tariff(PER_KWH, PER_HOUR))),
    Example(Code.TARIFF_DIFFERS, facts=known(tariff(min_price=Limit(Decimal(1))))),
    Example(Code.TARIFF_DIFFERS, facts=known(tariff(currency="GBP"))),
    Example(Code.TARIFF_DIFFERS, facts=known(tariff(elements=NEVER))),
    Example(Code.TARIFF_DIFFERS, facts=known(tariff(elements=[*NEVER, Element([PER_KWH])]))),
    Example(Code.TARIFF_NEVER_MATCHES, by(tariff(elements=NEVER))),
    Example(Code.COMPONENT_UNKNOWN, by(tariff(component("GAS")))),
    Example(Code.COMPONENT_UNKNOWN, by(tariff(component("ENERGY", step_size=Decimal(0))))),
    Example(Code.COMPONENT_UNKNOWN, by(tariff(component("ENERGY", step_size=None)))),
    Example(Code.RESTRICTION_UNKNOWN, by(tariff(elements=[Element([PER_KWH], Restrictions(unreadable=("so",)))]))),
    Example(Code.TIME_ZONE_UNKNOWN, facts={"location": location(time_zone="Europe/Atlantis")}),
    Example(Code.TIME_ZONE_UNKNOWN, facts={"location": location(time_zone="../../etc/passwd")}),
]
LEGAL = [
    Example(Code.TARIFF_NOT_NAMED, by()),
    Example(Code.TARIFF_NOT_FOUND, by(), known(tariff())),
    Example(Code.TARIFF_NOT_FOUND, UNNAMED),
    Example(Code.TARIFF_NOT_FOUND, by(), {"sources": frozenset()}),
    Example(Code.TARIFF_NOT_VALID, by(tariff(valid_from=START, valid_until=START + HOUR))),
    Example(Code.TARIFF_NOT_VALID, by(tariff(), tariff(tariff_id="T2", valid_from=START + HOUR), periods=CHANGED)),
    Example(Code.TARIFF_NOT_VALID, by(tariff(), tariff(tariff_id="T3", valid_from=END))),
    Example(Code.TARIFF_NOT_VALID, by(tariff()), known(tariff(valid_from=START, valid_until=END))),
    Example(Code.TARIFF_NOT_VALID, by(tariff()), known(tariff(tariff_id="T9", valid_until=START))),
    Example(Code.TARIFF_DIFFERS, facts=known(tariff(version=7, valid_from=START))),
    Example(Code.TARIFF_DIFFERS, facts=known(tariff(component("ENERGY"), tariff_id="T2"))),
    Example(Code.TARIFF_NEVER_MATCHES, by(tariff(elements=[*NEVER, Element([PER_HOUR])]))),
    Example(Code.TARIFF_NEVER_MATCHES, by(tariff(Component("FLAT", Decimal(0))))),
    Example(Code.COMPONENT_UNKNOWN, by(tariff(component("PARKING_TIME", step_size=Decimal(1))))),
    Example(Code.RESTRICTION_UNKNOWN, by(tariff(elements=NEVER))),
    Example(Code.TIME_ZONE_UNKNOWN),
    Example(Code.TIME_ZONE_UNKNOWN, facts={"location": None}),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert example.code in codes(example.audited)


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def test_another_price_than_the_published_one_is_told_with_both() -> None:
    dear = Component("ENERGY", Decimal("0.59"), Decimal(10))
    found = Example(Code.TARIFF_DIFFERS, by(tariff(dear)), known(tariff())).audited
    (finding,) = [each for each in found.findings if each.code is Code.TARIFF_DIFFERS]
    assert finding.numbers["differences"] == (
        "element 1 has ENERGY 0.59 (tax 10 %, step 1), not ENERGY 0.25 (tax 10 %, step 1)"
    )


def test_a_copy_is_what_is_rated_even_where_another_tariff_was_published() -> None:
    found = Example(Code.TARIFF_DIFFERS, facts=known(tariff(PER_HOUR))).audited
    assert found.rated is not None
    assert found.rated.excl_tax == Decimal("5.00")


def test_a_tariff_that_never_matches_is_no_silent_zero() -> None:
    found = Example(Code.TARIFF_NEVER_MATCHES, by(tariff(elements=NEVER))).audited
    details = {finding.code: finding.detail for finding in found.findings}
    assert details[Code.TARIFF_NEVER_MATCHES] == "No element of tariff T1 prices what was used (ENERGY, TIME)."
    assert Code.TOTAL_MISMATCH in details


def test_a_tariff_that_was_not_valid_is_told_once() -> None:
    found = Example(Code.TARIFF_NOT_VALID, by(tariff(valid_until=START)), known(tariff(valid_until=START))).audited
    assert [each.code for each in found.findings].count(Code.TARIFF_NOT_VALID) == 1


def test_from_when_to_when_a_tariff_was_valid_is_told() -> None:
    for changes, begins, ends in (
        ({"valid_from": START + HOUR}, "2026-03-01T09:00:00Z", "ever"),
        ({"valid_until": START}, "ever", "2026-03-01T08:00:00Z"),
    ):
        found = Example(Code.TARIFF_NOT_VALID, by(tariff(**changes))).audited.findings
        (finding,) = [each for each in found if each.code is Code.TARIFF_NOT_VALID]
        assert (finding.numbers["begins"], finding.numbers["ends"]) == (begins, ends)
        assert finding.numbers["began"] == "2026-03-01T08:00:00Z"
