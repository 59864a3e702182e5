"""The rules of objects and their URLs, each in both versions of OCPI, over a real PostgreSQL."""

from typing import Any

import pytest

from tests.integration.gateway.bench import CSO, CSP, Bench, ocpi, routed
from tests.integration.gateway.versions import (
    LOCATION,
    NEW,
    OBJECTS,
    OLD,
    PLACES,
    SESSION,
    TARIFF,
    TOKEN,
    call,
    data,
    pushed,
)
from tests.unit.gateway import samples

HUB = "NL-RWT"
VERSIONS = pytest.mark.parametrize("version", [OLD, NEW])
OWNERS = {"locations": "cso", "tariffs": "cso", "sessions": "cso", "tokens": "csp"}


async def own(bench: Bench, version: str, module: str) -> Any:
    query = "?type=EMAID" if (version, module) == (NEW, "tokens") else ""
    return data(await call(bench, OWNERS[module], "GET", version, f"receiver/{PLACES[module]}{query}"))


@VERSIONS
@pytest.mark.ocpi_rule(9)
async def test_sessions_are_listed_with_and_without_a_date(bench: Bench, version: str) -> None:
    await pushed(bench, version, "sessions")
    for query, shown in (("", 1), (f"?date_from={samples.NOW}", 1), (f"?date_from={samples.LATER}", 0)):
        assert len(data(await call(bench, "csp", "GET", version, f"sender/sessions{query}"))) == shown


@VERSIONS
@pytest.mark.ocpi_rule(10)
@pytest.mark.parametrize("place", [LOCATION, f"{LOCATION}/E1", f"{LOCATION}/E1/1", SESSION, TOKEN])
async def test_a_patch_without_its_date_is_2001(bench: Bench, version: str, place: str) -> None:
    client = "csp" if place == TOKEN else "cso"
    answer = ocpi(await call(bench, client, "PATCH", version, f"receiver/{place}", {"name": "x"}))
    assert (answer[:2], answer[2].startswith("last_updated: missing")) == ((200, 2001), True)


@VERSIONS
@pytest.mark.ocpi_rule(11)
async def test_a_sessions_patch_appends_its_periods_and_its_put_replaces_them(bench: Bench, version: str) -> None:
    session = OBJECTS[version]["sessions"]
    await pushed(bench, version, "sessions")
    more = {"last_updated": samples.LATER, "charging_periods": [samples.period(tariff_id="T2")]}
    await call(bench, "cso", "PATCH", version, f"receiver/{SESSION}", more)
    held = await own(bench, version, "sessions")
    assert [each["tariff_id"] for each in held["charging_periods"]] == ["T1", "T2"]
    await pushed(bench, version, "sessions", {**session, "kwh": 2, "last_updated": samples.LATER})
    assert (await own(bench, version, "sessions"))["charging_periods"] == session["charging_periods"]


@VERSIONS
@pytest.mark.ocpi_rule(12)
@pytest.mark.parametrize("part", ["E1", "E1/1"])
async def test_a_parts_date_moves_its_parents(bench: Bench, version: str, part: str) -> None:
    await pushed(bench, version, "locations")
    change = {"last_updated": samples.LATER, **({"floor_level": "2"} if part == "E1" else {"max_voltage": 400})}
    assert ocpi(await call(bench, "cso", "PATCH", version, f"receiver/{LOCATION}/{part}", change))[:2] == (200, 1000)
    held = await own(bench, version, "locations")
    (evse,) = held["evses"]
    assert {held["last_updated"], evse["last_updated"]} == {samples.LATER}
    assert evse["connectors"][0]["last_updated"] == (samples.NOW if part == "E1" else samples.LATER)
    assert (await bench.events("location.published"))[-1].last_updated.isoformat() == "2026-03-01T11:00:00+00:00"


@VERSIONS
@pytest.mark.ocpi_rule(13)
@pytest.mark.parametrize("module", list(OBJECTS[OLD]))
async def test_the_hub_alters_no_date(bench: Bench, version: str, module: str) -> None:
    long_ago = {**OBJECTS[version][module], "last_updated": "2019-01-02T03:04:05Z"}
    await pushed(bench, version, module, long_ago)
    for wanted in (OLD, NEW):
        reader = "cso" if module == "tokens" else "csp"
        (listed,) = data(await call(bench, reader, "GET", wanted, f"sender/{module}"))
        assert listed["last_updated"] == "2019-01-02T03:04:05Z"
    # A delta since then does not show what arrived late: the receiver reconciles by id.
    late = await call(bench, reader, "GET", version, f"sender/{module}?date_from=2020-01-01T00:00:00Z")
    assert data(late) == []


@VERSIONS
@pytest.mark.ocpi_rule(16)
async def test_a_broadcast_is_from_the_hub_and_never_of_sessions_and_cdrs(bench: Bench, version: str) -> None:
    for module in OBJECTS[version]:
        assert ocpi(await pushed(bench, version, module, **routed(HUB)))[:2] == (201, 1000)
    sent = await bench.rows("SELECT module, sender, partner FROM gateway.deliveries")
    assert {row["module"]: (row["sender"], row["partner"]) for row in sent} == {
        "locations": (HUB, CSP),
        "tariffs": (HUB, CSP),
        "tokens": (HUB, CSO),
        "sessions": (CSO, CSP),
        "cdrs": (CSO, CSP),
    }


@VERSIONS
@pytest.mark.ocpi_rule(17)
async def test_who_names_no_receiver_leaves_it_to_the_hub(bench: Bench, version: str) -> None:
    for module in OBJECTS[version]:
        assert ocpi(await pushed(bench, version, module))[:2] == (201, 1000)
    sent = await bench.rows("SELECT module, sender, partner FROM gateway.deliveries")
    pairs = {row["module"]: (row["sender"], row["partner"]) for row in sent}
    assert pairs == {**dict.fromkeys(OBJECTS[version], (CSO, CSP)), "tokens": (CSP, CSO)}


@VERSIONS
@pytest.mark.ocpi_rule(18)
@pytest.mark.parametrize("module", list(PLACES))
async def test_an_id_in_the_url_that_is_not_the_bodys_is_2001(bench: Bench, version: str, module: str) -> None:
    id_field = "uid" if module == "tokens" else "id"
    other = {**OBJECTS[version][module], id_field: "ANOTHER"}
    query = f"?type={other['type']}" if module == "tokens" else ""
    answer = await call(bench, OWNERS[module], "PUT", version, f"receiver/{PLACES[module]}{query}", other)
    assert (ocpi(answer)[:2], ocpi(answer)[2].startswith(f"{id_field}:")) == ((200, 2001), True)


@VERSIONS
@pytest.mark.ocpi_rule(18)
@pytest.mark.parametrize("module", list(PLACES))
async def test_an_owner_in_the_url_that_is_not_the_caller_is_404(bench: Bench, version: str, module: str) -> None:
    answer = await call(bench, "other", "PUT", version, f"receiver/{PLACES[module]}", OBJECTS[version][module])
    assert ocpi(answer)[:2] == (404, 2001)
    assert (await call(bench, "other", "GET", version, f"receiver/{PLACES[module]}")).status_code == 404


@VERSIONS
@pytest.mark.ocpi_rule(23)
async def test_a_cdr_its_location_its_repeat_and_its_credit(bench: Bench, version: str) -> None:
    cdr = OBJECTS[version]["cdrs"]
    created = await pushed(bench, version, "cdrs")
    assert ocpi(created)[:2] == (201, 1000)
    path = created.headers["location"].partition(f"/ocpi/{version}/")[2]
    assert data(await call(bench, "cso", "GET", version, path)) == cdr
    again = await pushed(bench, version, "cdrs")
    assert (ocpi(again)[:2], again.headers["location"]) == ((200, 1000), created.headers["location"])
    other = ocpi(await pushed(bench, version, "cdrs", {**cdr, "total_time": 2}))
    assert (other[:2], other[2].startswith("total_time: differs")) == ((200, 2001), True)
    credit = {**cdr, "id": "C" * 39, "credit": True, "credit_reference_id": cdr["id"]}
    assert ocpi(await pushed(bench, version, "cdrs", credit))[:2] == (201, 1000)
    assert ocpi(await pushed(bench, version, "cdrs", {**credit, "id": "C" * 40}))[:2] == (200, 2001)
    nothing = ocpi(await pushed(bench, version, "cdrs", {**credit, "id": "C2", "credit_reference_id": None}))
    assert (nothing[:2], nothing[2].startswith("credit_reference_id: missing")) == ((200, 2001), True)


@VERSIONS
@pytest.mark.ocpi_rule(26)
async def test_ids_compare_without_case_and_keep_theirs(bench: Bench, version: str) -> None:
    tariff = {**OBJECTS[version]["tariffs"], "id": "Tariff-a"}
    first = await call(bench, "cso", "PUT", version, "receiver/tariffs/fr/sun/Tariff-a", tariff)
    assert ocpi(first)[:2] == (201, 1000)
    again = await call(bench, "cso", "PUT", version, "receiver/tariffs/FR/SUN/TARIFF-A", {**tariff, "id": "TARIFF-A"})
    assert ocpi(again)[:2] == (200, 1000)
    assert data(await call(bench, "cso", "GET", version, "receiver/tariffs/FR/SUN/tariff-A"))["id"] == "Tariff-a"
    assert len(await bench.events("tariff.published")) == 1


@VERSIONS
@pytest.mark.ocpi_rule(26)
async def test_dates_without_a_zone_are_utc_and_go_out_with_z(bench: Bench, version: str) -> None:
    tariff = {**OBJECTS[version]["tariffs"], "last_updated": "2026-03-01T10:00:00"}
    await pushed(bench, version, "tariffs", tariff)
    assert (await own(bench, version, "tariffs"))["last_updated"] == "2026-03-01T10:00:00Z"
    offset = {**tariff, "currency": "CHF", "last_updated": "2026-03-01T12:00:00+01:00"}
    await pushed(bench, version, "tariffs", offset)
    assert (await own(bench, version, "tariffs"))["last_updated"] == "2026-03-01T11:00:00Z"


@VERSIONS
@pytest.mark.ocpi_rule(26)
@pytest.mark.parametrize("module", list(OBJECTS[OLD]))
async def test_fields_that_nobody_knows_survive_into_both_versions(bench: Bench, version: str, module: str) -> None:
    extended = {**OBJECTS[version][module], "x_of_mine": {"deep": [1, None, "ü"]}}
    assert ocpi(await pushed(bench, version, module, extended))[:2] == (201, 1000)
    for wanted in (OLD, NEW):
        reader = "cso" if module == "tokens" else "csp"
        (listed,) = data(await call(bench, reader, "GET", wanted, f"sender/{module}"))
        assert listed["x_of_mine"] == extended["x_of_mine"]


@VERSIONS
@pytest.mark.ocpi_rule(27)
async def test_an_evse_is_removed_by_its_status_alone(bench: Bench, version: str) -> None:
    await pushed(bench, version, "locations")
    for place in (LOCATION, f"{LOCATION}/E1"):
        answer = await call(bench, "cso", "DELETE", version, f"receiver/{place}")
        assert answer.status_code == 405
    change = {"status": "REMOVED", "last_updated": samples.LATER}
    await call(bench, "cso", "PATCH", version, f"receiver/{LOCATION}/E1", change)
    for path, client in ((f"receiver/{LOCATION}", "cso"), ("sender/locations/LOC1", "csp")):
        held = data(await call(bench, client, "GET", version, path))
        assert [each["status"] for each in held["evses"]] == ["REMOVED"]


@VERSIONS
async def test_a_deleted_tariff_is_gone_in_both_versions(bench: Bench, version: str) -> None:
    await pushed(bench, version, "tariffs")
    other = {OLD: NEW, NEW: OLD}[version]
    assert ocpi(await call(bench, "cso", "DELETE", other, f"receiver/{TARIFF}"))[:2] == (200, 1000)
    for wanted in (OLD, NEW):
        assert (await call(bench, "cso", "GET", wanted, f"receiver/{TARIFF}")).status_code == 404
        assert data(await call(bench, "csp", "GET", wanted, "sender/tariffs")) == []
