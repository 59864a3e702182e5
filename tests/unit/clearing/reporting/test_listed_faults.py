"""Each kind of bad input is found in a file, by the code that is for it."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.clearing.reporting.samples import NOW, TARIFF, audited, cdr, codes, terms

Change = Callable[[dict[str, Any]], object]
TOO_LONG = "2026-03-01T10:00:00Z"


def dimensions(found: dict[str, Any]) -> Any:
    return found["charging_periods"][0]["dimensions"]


def period(found: dict[str, Any], at: str, **changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(found["charging_periods"][0]), "start_date_time": at, **changes}


def element(found: dict[str, Any]) -> Any:
    found["tariffs"] = copy.deepcopy(found["tariffs"])
    return found["tariffs"][0]["elements"][0]


def component(found: dict[str, Any]) -> Any:
    return element(found)["price_components"][0]


FAULTS: list[tuple[str, Change, str]] = [
    ("a negative energy", lambda c: c.update(total_energy=-10), "ENERGY_NEGATIVE"),
    ("a negative total", lambda c: c.update(total_cost={"excl_vat": -4}), "TOTAL_NEGATIVE"),
    ("a negative time of a period", lambda c: dimensions(c)[1].update(volume=-1), "PERIOD_VOLUME_NEGATIVE"),
    ("a negative parking time", lambda c: c.update(total_parking_time=-1), "PARKING_TIME_IMPLAUSIBLE"),
    ("a negative tax", lambda c: c.update(total_cost={"excl_vat": 4, "incl_vat": 3}), "TAX_IMPLAUSIBLE"),
    ("an energy beyond all numbers", lambda c: c.update(total_energy=1e25), "NUMBER_OUT_OF_RANGE"),
    ("a volume beyond all numbers", lambda c: dimensions(c)[0].update(volume=1e300), "NUMBER_OUT_OF_RANGE"),
    ("a total beyond all numbers", lambda c: c.update(total_cost={"excl_vat": 1e25}), "CDR_UNREADABLE"),
    ("a huge energy", lambda c: c.update(total_energy=1e12), "ENERGY_IMPLAUSIBLE"),
    ("a huge total", lambda c: c.update(total_cost={"excl_vat": 1e15}), "TOTAL_MISMATCH"),
    ("an energy that is NaN", lambda c: c.update(total_energy=float("nan")), "NUMBER_OUT_OF_RANGE"),
    ("a time that is infinite", lambda c: c.update(total_time=float("inf")), "NUMBER_OUT_OF_RANGE"),
    ("a total that is NaN in a text", lambda c: c.update(total_cost={"excl_vat": "NaN"}), "CDR_UNREADABLE"),
    ("a number in a text", lambda c: c.update(total_energy="10"), "SCHEMA_INVALID"),
    ("too many digits", lambda c: c.update(total_energy=10.0000000001), "NUMBER_OVER_PRECISE"),
    ("two currencies", lambda c: c.update(currency="CHF"), "CURRENCY_MISMATCH"),
    ("a tariff that never matches", lambda c: component(c).update(type="PARKING_TIME"), "TARIFF_NEVER_MATCHES"),
    ("a session of no length", lambda c: c.update(end_date_time=c["start_date_time"]), "TIME_ZERO"),
    ("a session of a year", lambda c: c.update(end_date_time=TOO_LONG), "TIME_IMPLAUSIBLE"),
    ("a session that ends before it begins", lambda c: c.update(end_date_time="2025-03-01T09:00:00Z"), "TIME_REVERSED"),
    (
        "periods out of order",
        lambda c: c["charging_periods"].insert(0, period(c, "2025-03-01T10:30:00Z", dimensions=[])),
        "PERIODS_UNORDERED",
    ),
    (
        "a period that is repeated",
        lambda c: c["charging_periods"].append(period(c, "2025-03-01T10:00:00Z")),
        "PERIOD_REPEATED",
    ),
    ("no period", lambda c: c.update(charging_periods=[]), "PERIODS_MISSING"),
    ("no list of periods", lambda c: c.pop("charging_periods"), "PERIODS_MISSING"),
    (
        "a first period that is missing",
        lambda c: c.update(charging_periods=[period(c, "2025-03-01T10:30:00Z")]),
        "PERIODS_GAP",
    ),
    ("an unknown dimension", lambda c: dimensions(c).append({"type": "GAS", "volume": 1}), "DIMENSION_UNKNOWN"),
    ("an unknown component", lambda c: component(c).update(type="GAS"), "COMPONENT_UNKNOWN"),
    ("a step that is none", lambda c: component(c).update(step_size=-1), "COMPONENT_UNKNOWN"),
    ("an unknown restriction", lambda c: element(c).update(restrictions={"weather": "wet"}), "RESTRICTION_UNKNOWN"),
    (
        "a restriction that cannot be read",
        lambda c: element(c).update(restrictions={"min_kwh": "few"}),
        "RESTRICTION_UNKNOWN",
    ),
    ("a price that is none", lambda c: component(c).update(price="free"), "SCHEMA_INVALID"),
    ("a tariff that is none", lambda c: c.update(tariffs=[7]), "SCHEMA_INVALID"),
]


@pytest.mark.parametrize(("change", "code"), [each[1:] for each in FAULTS], ids=[each[0] for each in FAULTS])
def test_it_is_found(tmp_path: Path, change: Change, code: str) -> None:
    found = copy.deepcopy(cdr())
    change(found)
    _, (judged,) = audited(tmp_path, json.dumps([found]))
    assert code in codes(judged)


def test_a_right_one_has_none_of_them(tmp_path: Path) -> None:
    _, (judged,) = audited(tmp_path, [cdr()])
    assert codes(judged) == set()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "europe/amsterdam ", "UTC+25"])
def test_a_time_zone_that_does_not_exist_is_found_of_a_given_location_and_of_a_column(
    tmp_path: Path, zone: str
) -> None:
    place = {"country_code": "NL", "party_id": "CSO", "id": "L1", "time_zone": zone}
    _, (judged,) = audited(tmp_path, [cdr()], terms(locations=[place]))
    assert "TIME_ZONE_UNKNOWN" in codes(judged)
    table = "id,start,end,currency,kwh,cost,time_zone\nC1,2025-03-01 10:00,2025-03-01 11:00,EUR,10,5,"
    _, (judged,) = audited(tmp_path, f"{table}{zone.strip()}x\n")
    assert "TIME_ZONE_UNKNOWN" in codes(judged)


def test_what_only_shows_against_other_files_is_found(tmp_path: Path) -> None:
    given = {**TARIFF, "end_date_time": "2025-02-01T00:00:00Z"}
    _, (judged,) = audited(tmp_path, [cdr()], terms(tariffs=[given]))
    assert codes(judged) == {"TARIFF_NOT_VALID"}
    late = cdr(end=f"{NOW.year + 1}-01-01T00:00:00Z")
    assert "TIME_IN_FUTURE" in codes(audited(tmp_path, [late])[1][0])
