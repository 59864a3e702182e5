from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.exports import objects
from services.exports.objects import Prices
from tests.unit.exports.rows import CITY, END, START, imported

TARIFF = objects.tariff(CITY, START)


@pytest.mark.parametrize(
    ("model", "watts", "power_type"),
    [
        ("APT 7kW Dual Outlet", 7000, "AC_1_PHASE"),
        ("APT 22kW Dual Outlet", 22000, "AC_3_PHASE"),
        ("Siemens 7 kW Dual Outlet", 7000, "AC_1_PHASE"),
        ("APT 50kW Raption", 50000, "DC"),
        ("APT Triple Rapid Charger", 50000, "DC"),
        ("Siemens Semi-Rapid", 22000, "AC_3_PHASE"),
        ("", 7000, "AC_1_PHASE"),
        ("9" * 100_000, 7000, "AC_1_PHASE"),
        ("9" * 5_000 + "kW", 7000, "AC_1_PHASE"),
    ],
)
def test_power_is_read_from_the_model(model: str, watts: int, power_type: str) -> None:
    power = objects.power_of(model)
    assert (power.watts, power.power_type) == (watts, power_type)


def test_a_charge_point_that_moved_is_another_location_at_its_next_site() -> None:
    rows = [imported(site="Test site"), imported(site="Hub"), imported(site="Test site"), imported(charge_point="1")]
    ids = objects.location_ids(rows)
    assert ids["50914", "Test site"] == "50914"
    assert ids["50914", "Hub"] == "50914.2"
    assert len(set(ids.values())) == 3


def test_a_location_has_an_evse_for_each_connector_used() -> None:
    rows = [imported(connector="2", model="APT Triple Rapid Charger"), imported(connector="1"), imported(connector="2")]
    location = objects.location(CITY, "50914", rows, START)
    assert [each["uid"] for each in location["evses"]] == ["50914-1", "50914-2"]
    assert location["time_zone"] == "Europe/London"
    assert all(each["connectors"][0]["tariff_ids"] == ["REPLAY"] for each in location["evses"])


def test_a_long_site_name_fits_the_address() -> None:
    location = objects.location(CITY, "1", [imported(site="x" * 80)], START)
    assert len(location["address"]) == 45
    assert location["name"] == "x" * 80


@pytest.mark.parametrize(
    ("kwh", "excluding", "including"),
    [
        ("22.287", "5.57", "6.69"),
        ("0", "0.00", "0.00"),
        ("-60.81", "-15.20", "-18.24"),
        ("1430.08", "357.52", "429.02"),
    ],
)
def test_the_total_is_energy_times_price_in_cents(kwh: str, excluding: str, including: str) -> None:
    cdr = objects.cdr(CITY, imported(kwh=kwh), "50914", TARIFF)
    assert cdr["total_cost"] == {"excl_vat": Decimal(excluding), "incl_vat": Decimal(including)}


def test_all_components_of_the_tariff_count() -> None:
    prices = Prices("EUR", Decimal("0.30"), Decimal("1.20"), Decimal("0.50"), Decimal(21))
    city = replace(CITY, prices=prices)
    cdr = objects.cdr(city, imported(kwh="10"), "1", objects.tariff(city, START))
    # 10 kWh at 0.30, one and a half hours at 1.20, 0.50 for the session
    assert cdr["total_cost"] == {"excl_vat": Decimal("5.30"), "incl_vat": Decimal("6.41")}
    kinds = [each["price_components"][0]["type"] for each in cdr["tariffs"][0]["elements"]]
    assert kinds == ["ENERGY", "TIME", "FLAT"]


def test_a_free_tariff_still_has_a_component() -> None:
    free = Prices("GBP", Decimal(0), Decimal(0), Decimal(0), Decimal(0))
    assert free.components() == [("ENERGY", Decimal(0))]


def test_a_card_and_its_sessions_and_cdrs_name_the_same_credential() -> None:
    row = imported()
    token = objects.token(CITY, "601838", START)
    shown = objects.cdr(CITY, row, "50914", TARIFF)["cdr_token"]
    assert shown == objects.session(CITY, row, "50914", ended=True)["cdr_token"]
    assert {name: token[name] for name in shown} == shown
    assert token["whitelist"] == "ALWAYS"


def test_a_row_without_a_card_is_an_ad_hoc_user_of_its_own() -> None:
    first = objects.cdr_token(CITY, imported("1", card=None))
    second = objects.cdr_token(CITY, imported("2", card=None))
    assert first["type"] == second["type"] == "AD_HOC_USER"
    assert first["uid"] != second["uid"]


def test_the_end_of_a_session_is_later_news_than_its_start_even_where_time_runs_backwards() -> None:
    row = imported(started_at=START, ended_at=START - timedelta(hours=1))
    start = objects.session(CITY, row, "1", ended=False)
    end = objects.session(CITY, row, "1", ended=True)
    assert end["last_updated"] > start["last_updated"]
    assert (start["status"], end["status"]) == ("ACTIVE", "COMPLETED")
    assert (start["kwh"], end["kwh"]) == (Decimal(0), row.kwh)


def test_a_cdr_tells_the_session_as_it_was() -> None:
    cdr = objects.cdr(CITY, imported(), "50914", TARIFF)
    assert cdr["session_id"] == cdr["id"] == "7751157"
    assert (cdr["start_date_time"], cdr["end_date_time"]) == ("2018-09-06T10:00:00.000Z", "2018-09-06T11:30:00.000Z")
    assert cdr["total_time"] == Decimal("1.5000")
    assert cdr["total_energy"] == Decimal("22.287")
    assert cdr["cdr_location"]["evse_uid"] == "50914-1"
    assert objects.text_of(END) == "2018-09-06T11:30:00.000Z"
