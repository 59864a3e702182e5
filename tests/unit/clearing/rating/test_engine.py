"""The numbers of every example of mod_tariffs and mod_cdrs that states a total, in both versions."""

from decimal import Decimal
from typing import Any

import pytest

from services.clearing.rating.documents import cdr_of
from services.clearing.rating.engine import rate
from services.clearing.rating.results import Line, Rating, Rounding
from services.core.money import RoundingMode, RoundingRule
from tests.unit.clearing.rating.examples import VERSIONS, cdr_json, component, element, minutes, rated, tariff_json
from tests.unit.clearing.rating.text_examples import BREAKDOWNS, BRUSSELS, EXAMPLES, charge, local

DIGITS = Rounding(RoundingRule(RoundingMode.HALF_UP, 4))


@pytest.mark.ocpi_rule(24)
@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("elements", "fields", "cdr", "excl_tax", "incl_tax"),
    [example[1:] for example in EXAMPLES],
    ids=[example[0] for example in EXAMPLES],
)
def test_examples_of_the_text(
    version: str,
    elements: list[dict[str, Any]],
    fields: dict[str, Any],
    cdr: dict[str, Any],
    excl_tax: str,
    incl_tax: str | None,
) -> None:
    found = rated(tariff_json(version, elements, **dict(fields)), cdr, BRUSSELS, DIGITS)
    cents = len(excl_tax.partition(".")[2]) <= 2
    expected = (Decimal(excl_tax), None if incl_tax is None else Decimal(incl_tax))
    if cents and incl_tax is not None and len(incl_tax.partition(".")[2]) <= 2:
        found = rated(tariff_json(version, elements, **dict(fields)), cdr, BRUSSELS)
    assert (found.excl_tax, found.incl_tax) == expected


@pytest.mark.ocpi_rule(24)
@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", BREAKDOWNS)
def test_breakdowns_of_the_text(version: str, name: str) -> None:
    _, elements, fields, cdr, _, _ = next(example for example in EXAMPLES if example[0] == name)
    found = rated(tariff_json(version, elements, **dict(fields)), cdr, BRUSSELS, DIGITS)
    wanted = [
        (kind, Decimal(volume), Decimal(excl_tax), None if incl_tax is None else Decimal(incl_tax))
        for kind, volume, excl_tax, incl_tax in BREAKDOWNS[name]
    ]
    assert sorted(map(_told, found.lines), key=lambda each: each[:3]) == sorted(wanted, key=lambda each: each[:3])


def _told(line: Line) -> tuple[str, Decimal, Decimal | None, Decimal | None]:
    volume, excl_tax, incl_tax = line.volume, line.amount_excl_tax, line.amount_incl_tax
    return (
        line.component_type,
        round(volume * 60, 5) if line.unit == "HOUR" else volume,
        _five(excl_tax),
        _five(incl_tax),
    )


def _five(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else round(amount, 5)


@pytest.mark.parametrize("step", [1, 60])
def test_north_american_taxes(step: int) -> None:
    """2.3.0: 2.00 per hour without, 2.10 with taxes that nobody tells; 5.00 and 5.25 for 2.5 hours.

    The text has steps of a minute, its tariffs those of a second.
    """
    outside = rated(tariff_json("2.3.0", [element(component("TIME", "2.00", None, step))]), charge(150), BRUSSELS)
    assert (outside.excl_tax, outside.incl_tax) == (Decimal("5.00"), None)
    inside = tariff_json("2.3.0", [element(component("TIME", "2.10", None, step))], tax_included="YES")
    found = rated(inside, charge(150), BRUSSELS)
    assert (found.excl_tax, found.incl_tax) == (None, Decimal("5.25"))


@pytest.mark.ocpi_rule(24)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("elements", "cdr", "volumes"),
    [
        # 6 minutes of charging, and 8 of parking, in steps of 5: 10.
        ([element(component("TIME", "1", None, 300))], charge(6), {"TIME": ["10"]}),
        (
            [element(component("PARKING_TIME", "1", None, 300))],
            cdr_json([(0, {"PARKING_TIME": minutes(8)})]),
            {"PARKING_TIME": ["10"]},
        ),
        # 21 minutes of charging and 7 of parking, both in steps of 5: 21 and 10.
        (
            [element(component("TIME", "1", None, 300), component("PARKING_TIME", "1", None, 300))],
            charge(21, 7),
            {"TIME": ["21"], "PARKING_TIME": ["10"]},
        ),
        # 21 and 16 minutes, steps of 10: 21 and 20.
        (
            [element(component("TIME", "1", None, 600), component("PARKING_TIME", "2", None, 600))],
            charge(21, 16),
            {"TIME": ["21"], "PARKING_TIME": ["20"]},
        ),
        # 6 minutes before and 22 after 17:00, steps of 10: 6 and 24.
        (
            [element(component("TIME", "5", None, 600), end_time="17:00"), element(component("TIME", "7", None, 600))],
            charge(28, 0, local("16:54")),
            {"TIME": ["6", "24"]},
        ),
    ],
)
def test_time_steps_of_both_chapters(
    version: str, elements: list[dict[str, Any]], cdr: dict[str, Any], volumes: dict[str, list[str]]
) -> None:
    found = rated(tariff_json(version, elements), cdr, BRUSSELS)
    for kind, wanted in volumes.items():
        billed = [round(line.volume * 60, 5) for line in found.lines if line.component_type == kind]
        assert billed == [Decimal(each) for each in wanted]


@pytest.mark.ocpi_rule(24)
@pytest.mark.parametrize("version", VERSIONS)
def test_energy_steps_of_the_cdr_chapter(version: str) -> None:
    """4.3 kWh at 0.20 before and 1.1 kWh at 0.27 after 17:00, steps of 500 Wh: 5.5 kWh in all."""
    elements = [
        element(component("ENERGY", "0.20", None, 500), end_time="17:00"),
        element(component("ENERGY", "0.27", None, 500)),
    ]
    cdr = cdr_json([(0, {"ENERGY": "4.3"}), (30, {"ENERGY": "1.1"})], local("16:30"))
    found = rated(tariff_json(version, elements), cdr, BRUSSELS, DIGITS)
    assert [line.volume for line in found.lines] == [Decimal("4.3"), Decimal("1.2")]
    assert found.excl_tax == Decimal("1.184")


@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize(
    ("start", "end", "cost"),
    [
        ("2015-06-29T21:39:09Z", "2015-06-29T23:37:32Z", {"excl_vat": Decimal("4.00"), "incl_vat": Decimal("4.40")}),
        # 2.3.0; its tariff lacks the required tax_included.
        (
            "2024-12-05T17:39:09Z",
            "2024-12-05T19:37:32Z",
            {"before_taxes": Decimal("4.00"), "taxes": [{"name": "VAT", "amount": Decimal("0.40")}]},
        ),
    ],
    ids=VERSIONS,
)
def test_the_example_of_a_cdr_costs_what_it_says_by_its_own_tariff(start: str, end: str, cost: dict[str, Any]) -> None:
    """1.973 h at 2.00 an hour in steps of 5 minutes are 2 h: 4.00, and 4.40 with 10 %."""
    copied = tariff_json("2.2.1", [element(component("TIME", "2.00", "10", 300))])
    cdr = cdr_of(
        cdr_json([(0, {"TIME": "1.973"})], start, tariffs=[copied], end_date_time=end, total_cost=cost)
        | {"total_energy": Decimal("15.342")}
    )
    found = rate(cdr.session, cdr.tariffs, None)
    assert isinstance(found, Rating)
    assert (found.excl_tax, found.incl_tax) == (cdr.claimed_excl_tax, cdr.claimed_incl_tax)
    assert (cdr.claimed_excl_tax, cdr.claimed_incl_tax) == (Decimal("4.00"), Decimal("4.40"))
