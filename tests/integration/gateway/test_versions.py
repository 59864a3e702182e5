"""Both versions of OCPI side by side over a real PostgreSQL: each reads, changes and gets what came in the other."""

import json
from typing import Any

import pytest

from services.gateway.deliveries.rendering import ObjectRenderer
from services.gateway.deliveries.settlement import Leased
from services.gateway.deliveries.turns import Rendered
from services.gateway.ocpi.versions import V2_2_1, V2_3_0, VERSIONS
from tests.integration.gateway.bench import Bench, ocpi
from tests.integration.gateway.versions import (
    LOCATION,
    NEW,
    OBJECTS,
    OLD,
    OTHER,
    PLACES,
    SESSION,
    TARIFF,
    call,
    data,
    pushed,
)
from tests.unit.gateway import samples
from tests.unit.gateway import samples_2_3_0 as newer


def older_prices(document: dict[str, Any]) -> bool:
    return "excl_vat" in json.dumps(document)


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("module", list(OBJECTS[OLD]))
async def test_an_object_is_listed_in_the_version_that_is_asked_for(bench: Bench, version: str, module: str) -> None:
    assert ocpi(await pushed(bench, version, module))[:2] == (201, 1000)
    reader = "cso" if module == "tokens" else "csp"
    (same,) = data(await call(bench, reader, "GET", version, f"sender/{module}"))
    assert same == OBJECTS[version][module]
    answer = await call(bench, reader, "GET", OTHER[version], f"sender/{module}")
    (other,) = data(answer)
    assert answer.headers["x-total-count"] == "1"
    assert other["last_updated"] == same["last_updated"]
    if module in {"tariffs", "sessions", "cdrs"}:
        assert older_prices(other) is (version == NEW)
        assert older_prices(same) is (version == OLD)
    stored = await bench.rows(f"SELECT protocol FROM gateway.{module}")
    assert [each["protocol"] for each in stored] == [f"OCPI-{version}"]


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_what_goes_to_a_partner_is_in_its_version(bench: Bench, version: str) -> None:
    for module in OBJECTS[version]:
        await pushed(bench, version, module)
    there = {OLD: V2_2_1, NEW: V2_3_0}
    same, other = await _sent(bench, there[version]), await _sent(bench, there[OTHER[version]])
    for module, rendered in same.items():
        assert rendered.body == samples.as_body(OBJECTS[version][module])
        assert rendered.method == other[module].method
    assert {module: older_prices(json.loads(other[module].body or b"")) for module in ("tariffs", "cdrs")} == {
        "tariffs": version == NEW,
        "cdrs": version == NEW,
    }
    assert same["tokens"].path.endswith("?type=RFID" if version == OLD else "?type=EMAID")
    assert other["tokens"].path.endswith("?type=RFID" if version == OLD else "?type=OTHER")
    assert other == await _sent(bench, there[OTHER[version]])


async def _sent(bench: Bench, version: Any) -> dict[str, Rendered]:
    """What goes out of the whole queue to partners of a version, by module."""
    found = await bench.rows("SELECT * FROM gateway.deliveries")
    sent = {}
    for row in found:
        leased = Leased(**{name: row[name] for name in Leased.__dataclass_fields__})
        async with bench.engine.connect() as connection:
            (write,) = (await ObjectRenderer(bench.vault).read(connection, [leased])).values()
        sent[leased.module] = write(version)
    return sent


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_an_owner_reads_its_own_in_either_version(bench: Bench, version: str) -> None:
    for module in PLACES:
        await pushed(bench, version, module)
    created = await pushed(bench, version, "cdrs")
    for module, place in PLACES.items():
        client, query = ("csp", "?type=OTHER") if (version, module) == (NEW, "tokens") else ("cso", "")
        client = "csp" if module == "tokens" else client
        own = data(await call(bench, client, "GET", version, f"receiver/{place}{query}"))
        assert own == OBJECTS[version][module]
        assert data(await call(bench, client, "GET", OTHER[version], f"receiver/{place}{query}"))["last_updated"]
    location = created.headers["location"]
    assert f"/ocpi/{version}/receiver/cdrs/" in location
    path = location.partition(f"/ocpi/{version}/")[2]
    assert data(await call(bench, "cso", "GET", version, path)) == OBJECTS[version]["cdrs"]
    assert older_prices(data(await call(bench, "cso", "GET", OTHER[version], path))) is (version == NEW)


async def test_a_part_of_a_location_in_either_version(bench: Bench) -> None:
    await pushed(bench, NEW, "locations")
    for path, client in ((f"receiver/{LOCATION}", "cso"), ("sender/locations/LOC1", "csp")):
        evse = data(await call(bench, client, "GET", NEW, f"{path}/E1"))
        assert evse["parking"][0]["parking_id"] == "P1"
        older = data(await call(bench, client, "GET", OLD, f"{path}/E1"))
        assert (older["uid"], "parking" in older) == ("E1", False)
        assert data(await call(bench, client, "GET", OLD, f"{path}/E1/1"))["id"] == "1"


async def test_a_change_in_another_version_is_one_of_the_state_held(bench: Bench) -> None:
    await pushed(bench, OLD, "sessions")
    more = {"last_updated": samples.LATER, "total_cost": newer.price(2, 0.4), "charging_periods": [samples.period()]}
    assert ocpi(await call(bench, "cso", "PATCH", NEW, f"receiver/{SESSION}", more))[:2] == (200, 1000)
    held = data(await call(bench, "cso", "GET", NEW, f"receiver/{SESSION}"))
    assert held["total_cost"] == newer.price(2, 0.4)
    assert len(held["charging_periods"]) == 2
    older = data(await call(bench, "cso", "GET", OLD, f"receiver/{SESSION}"))
    assert older["total_cost"] == {"excl_vat": 2, "incl_vat": 2.4}
    reported = await bench.events("session.reported")
    assert [(each.protocol, each.version) for each in reported] == [("OCPI-2.2.1", 1), ("OCPI-2.3.0", 2)]
    assert str(reported[1].total_cost_incl_tax) == "2.40000000"


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_the_same_object_in_the_other_version_is_the_same(bench: Bench, version: str) -> None:
    await pushed(bench, version, "tariffs")
    other = data(await call(bench, "cso", "GET", OTHER[version], f"receiver/{TARIFF}"))
    assert ocpi(await pushed(bench, OTHER[version], "tariffs", other))[:2] == (200, 1000)
    assert len(await bench.events("tariff.published")) == 1


@pytest.mark.ocpi_rule(23)
@pytest.mark.parametrize("version", [OLD, NEW])
async def test_a_cdr_again_in_the_other_version_is_the_same_cdr(bench: Bench, version: str) -> None:
    created = await pushed(bench, version, "cdrs")
    path = created.headers["location"].partition(f"/ocpi/{version}/")[2]
    other = data(await call(bench, "cso", "GET", OTHER[version], path))
    again = await pushed(bench, OTHER[version], "cdrs", other)
    assert ocpi(again)[:2] == (200, 1000)
    assert (
        again.headers["location"].partition("/receiver/")[2] == created.headers["location"].partition("/receiver/")[2]
    )
    changed = ocpi(await pushed(bench, OTHER[version], "cdrs", {**other, "total_energy": 11}))
    assert changed[:2] == (200, 2001)
    assert changed[2].startswith("total_energy: differs")
    assert len(await bench.events("cdr.submitted")) == 1


@pytest.mark.ocpi_rule(23)
async def test_a_cdr_that_says_more_in_the_newer_version_is_the_same_cdr(bench: Bench) -> None:
    await pushed(bench, OLD, "cdrs")
    same = newer.cdr(total_cost={"before_taxes": 2.5, "taxes": [{"name": "TVA", "amount": 0.5, "account_number": "7"}]})
    assert ocpi(await pushed(bench, NEW, "cdrs", same))[:2] == (200, 1000)
    (event,) = await bench.events("cdr.submitted")
    assert event.protocol == "OCPI-2.2.1"


@pytest.mark.ocpi_rule(26)
async def test_a_newer_type_of_token_is_one_contract_in_both_versions(bench: Bench) -> None:
    await pushed(bench, NEW, "tokens")
    renamed = samples.cdr_token(type="OTHER")
    await pushed(bench, OLD, "cdrs", samples.cdr(cdr_token=renamed))
    await pushed(bench, NEW, "sessions", newer.session(cdr_token=samples.cdr_token(type="EMAID")))
    (issued,), (billed,) = await bench.events("credential.issued"), await bench.events("cdr.submitted")
    (reported,) = await bench.events("session.reported")
    assert len({issued.pseudonym, billed.pseudonym, reported.pseudonym}) == 1
    assert (issued.credential_type, billed.credential_type) == ("EMAID", "OTHER")


async def test_its_issuer_gets_its_own_name_of_it_back(bench: Bench) -> None:
    renamed = samples.cdr_token(type="OTHER")
    older = {"cdrs": samples.cdr(cdr_token=renamed), "sessions": samples.session(cdr_token=renamed)}
    for module, document in older.items():
        assert ocpi(await pushed(bench, OLD, module, document))[0] == 201
    assert _types(await _sent(bench, V2_3_0)) == {"cdrs": "OTHER", "sessions": "OTHER"}
    await pushed(bench, NEW, "tokens")
    assert _types(await _sent(bench, V2_3_0)) == {"cdrs": "EMAID", "sessions": "EMAID"}
    assert _types(await _sent(bench, V2_2_1)) == {"cdrs": "OTHER", "sessions": "OTHER"}
    for module in older:
        for version, type in ((NEW, "EMAID"), (OLD, "OTHER")):
            (listed,) = data(await call(bench, "csp", "GET", version, f"sender/{module}"))
            assert listed["cdr_token"]["type"] == type


def _types(sent: dict[str, Rendered]) -> dict[str, str]:
    copies = {module: json.loads(sent[module].body or b"")["cdr_token"] for module in ("cdrs", "sessions")}
    return {module: copy["type"] for module, copy in copies.items()}


@pytest.mark.parametrize("version", list(VERSIONS.values()))
async def test_the_report_is_there_under_every_root(bench: Bench, version: Any) -> None:
    assert data(await call(bench, "cso", "GET", version.number, "reports/refusals")) == []


async def test_what_a_version_does_not_have_is_refused_in_it(bench: Bench) -> None:
    assert ocpi(await pushed(bench, OLD, "tokens", samples.token(type="EMAID")))[:2] == (200, 2001)
    assert ocpi(await pushed(bench, OLD, "tariffs", {**newer.tariff(), "elements": []}))[:2] == (200, 2001)
    refused = ocpi(await pushed(bench, NEW, "tariffs", samples.tariff()))
    assert (refused[1], "tax_included" in refused[2]) == (2001, True)
    assert (await call(bench, "cso", "GET", "2.1.1", "sender/tokens")).status_code == 404
