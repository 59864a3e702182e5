"""Reading tariffs and CDRs of both versions, and what is said of documents that are none."""

from decimal import Decimal
from typing import Any

import pytest

from services.clearing.rating.documents import UnreadableDocument, cdr_of, parse, tariff_of
from tests.unit.clearing.rating.examples import VERSIONS, cdr_json, component, element, tariff_json

ELEMENTS = [element(component("ENERGY", "0.25", "10"))]
COST = {"before_taxes": Decimal(1), "taxes": [{"name": "VAT", "amount": Decimal("0.2")}]}


def broken(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The document with one value replaced; a path is of names and places, with points between."""
    *names, last = path.split(".")
    inner: Any = document
    for name in names:
        inner = inner[int(name)] if name.isdigit() else inner[name]
    inner[int(last) if last.isdigit() else last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("id", None, "id is missing"),
        ("currency", Decimal(5), "currency is no text"),
        ("elements", {}, "elements is no list"),
        ("elements.0", [], "an element of a tariff is no JSON object"),
        ("elements.0.price_components", None, "price_components is missing"),
        ("elements.0.restrictions", "none", "restrictions is no JSON object"),
        ("elements.0.price_components.0.price", None, "price is missing"),
        ("elements.0.price_components.0.price", "cheap", "price is no number of at most 20 digits"),
        ("elements.0.price_components.0.vat", Decimal("1E+30"), "vat is no number of at most 20 digits"),
        ("elements.0.price_components.0.step_size", True, "step_size is no number"),
        ("tax_included", "yes", "tax_included is neither YES, NO nor N/A: yes"),
        ("tax_included", True, "tax_included is neither YES, NO nor N/A: True"),
        ("min_price", Decimal(1), "min_price is no JSON object"),
        ("max_price", {"after_taxes": Decimal(1)}, "before_taxes is missing"),
        ("max_price", {"incl_vat": Decimal(1)}, "excl_vat is missing"),
        ("start_date_time", "tomorrow", "start_date_time is no time"),
    ],
)
def test_a_tariff_that_is_none(path: str, value: object, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        tariff_of(broken(tariff_json("2.3.0", [element(component("ENERGY", "0.25"))]), path, value))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("start_date_time", "2026-02-30T00:00:00Z", "start_date_time is no time"),
        ("end_date_time", None, "end_date_time is missing"),
        ("charging_periods", None, "charging_periods is missing"),
        ("charging_periods.0", "none", "a charging period is no JSON object"),
        ("charging_periods.0.dimensions", {}, "dimensions is no list"),
        ("charging_periods.0.dimensions.0", [], "a dimension is no JSON object"),
        ("charging_periods.0.dimensions.0.volume", None, "volume is missing"),
        ("charging_periods.0.dimensions.0.volume", Decimal("NaN"), "volume is no number"),
        ("tariffs", Decimal(5), "tariffs is no list"),
        ("tariffs", {"id": "T1"}, "tariffs is no list"),
        ("tariffs", ["T1"], "a tariff is no JSON object"),
        ("cdr_location", [Decimal(1)], "cdr_location is no JSON object"),
        ("total_cost", Decimal(5), "total_cost is no JSON object"),
        ("total_cost.taxes", Decimal(5), "taxes is no list"),
        ("total_cost.taxes", [Decimal(5)], "a tax is no JSON object"),
        ("total_energy", "1e400", "total_energy is no number"),
    ],
)
def test_a_cdr_that_is_none(path: str, value: object, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        cdr_of(broken(cdr_json([(0, {"ENERGY": "1"})], total_cost=dict(COST)), path, value))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not a JSON document: .*line 1 column 2"),
        (b'{"id": NaN}', "not a JSON document: NaN is no number of JSON"),
        (b'{"id": -Infinity}', "-Infinity is no number of JSON"),
        (b"\xff\xfe\xfa", "not a JSON document"),
        (b"[" * 100_000, "not a JSON document: too deep"),
    ],
)
def test_what_is_no_json(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        parse(content)


def test_all_digits_are_read() -> None:
    assert parse(b"[0.1, 12345678901234567.12345678, 1]") == [
        Decimal("0.1"),
        Decimal("12345678901234567.12345678"),
        Decimal(1),
    ]


@pytest.mark.ocpi_rule(25)
def test_the_prices_of_both_versions() -> None:
    costs = {"2.2.1": {"excl_vat": Decimal(1), "incl_vat": Decimal("1.2")}, "2.3.0": COST}
    for version in VERSIONS:
        cdr = cdr_of(cdr_json([(0, {"ENERGY": "1"})], total_cost=costs[version]))
        assert (cdr.claimed_excl_tax, cdr.claimed_incl_tax) == (Decimal(1), Decimal("1.2"))
        priced = tariff_of(tariff_json(version, ELEMENTS, min_price=("1", "1.1")))
        assert (priced.min_price.excl_tax, priced.min_price.incl_tax) == (Decimal(1), Decimal("1.1"))


@pytest.mark.ocpi_rule(25)
def test_taxes_that_are_not_told_stay_unknown() -> None:
    for cost in ({"excl_vat": Decimal(1)}, {"before_taxes": Decimal(1)}, {"before_taxes": Decimal(1), "taxes": []}):
        assert cdr_of(cdr_json([(0, {"ENERGY": "1"})], total_cost=cost)).claimed_incl_tax is None
    rates = {
        None: None,
        "NO": None,
        "YES": None,
        "N/A": Decimal(0),
    }
    for stated, expected in rates.items():
        priced = tariff_of(tariff_json("2.3.0", [element(component("ENERGY", "1"))], tax_included=stated))
        assert priced.elements[0].components[0].vat_percent == expected
        assert priced.elements[0].components[0].tax_inside is (stated == "YES")


def test_a_dimension_given_twice_is_summed_but_a_level_is_not() -> None:
    """OCPI mod_cdrs, CdrDimensionType: what was used adds up; of least and highest figures the outermost count."""
    document = cdr_json([(0, {"ENERGY": "1"})])
    document["charging_periods"][0]["dimensions"] = [
        {"type": kind, "volume": Decimal(volume)}
        for kind, volume in (
            ("ENERGY", 1),
            ("ENERGY", 2),
            ("MAX_CURRENT", 16),
            ("MAX_CURRENT", 10),
            ("MIN_POWER", 7),
            ("MIN_POWER", 3),
            ("STATE_OF_CHARGE", 40),
            ("STATE_OF_CHARGE", 60),
        )
    ]
    assert cdr_of(document).session.periods[0].volumes == {
        "ENERGY": Decimal(3),
        "MAX_CURRENT": Decimal(16),
        "MIN_POWER": Decimal(3),
        "STATE_OF_CHARGE": Decimal(60),
    }


@pytest.mark.parametrize(
    ("told", "totals"),
    [
        ({"total_energy": 5, "total_time": 2}, {"ENERGY": 5, "TIME": 2}),
        (
            {"total_time": 2, "total_parking_time": Decimal("0.5")},
            {"TIME": Decimal("1.5"), "PARKING_TIME": Decimal("0.5")},
        ),
        ({"total_time": 1, "total_parking_time": 2}, {"TIME": 0, "PARKING_TIME": 2}),
        ({"total_parking_time": 1}, {"PARKING_TIME": 1}),
    ],
)
def test_only_totals_that_are_told_are_read(told: dict[str, Any], totals: dict[str, Any]) -> None:
    cdr = {name: value for name, value in cdr_json([(0, {"ENERGY": "5"})]).items() if not name.startswith("total_")}
    assert cdr_of(cdr | told).session.totals == totals
