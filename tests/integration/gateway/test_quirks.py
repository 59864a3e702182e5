"""Quirks of partners' systems over real HTTPS: each as it is set, as it is by default, and no leak to another."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from services.gateway.partners.options_store import change_options
from services.gateway.tables import snapshots
from tests.integration.gateway.bench import CSO, Bench, ocpi, put, routed
from tests.integration.gateway.delivering import OWNER, SINCE, TOKEN, Delivering, delivering, running
from tests.integration.gateway.partners import Partner, Sent, partner
from tests.support.waiting import eventually
from tests.unit.gateway import samples

STRANGE, PLAIN, OLD = "NL-AAA", "NL-BBB", "NL-OLD"
LATE = "2026-03-01T09:00:00+02:00"


@pytest.fixture
async def partners(tmp_path: Path) -> AsyncIterator[Mapping[str, Partner]]:
    async with AsyncExitStack() as stack:
        found = {each: await stack.enter_async_context(partner(tmp_path, each)) for each in (STRANGE, PLAIN)}
        old = partner(tmp_path, OLD, ssl.TLSVersion.TLSv1_2)
        yield found | {OLD: await stack.enter_async_context(old)}


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path, partners: Mapping[str, Partner]) -> AsyncIterator[Delivering]:
    async with delivering(database_url, tmp_path, partners) as here:
        yield here


async def _arrived(gateway: Delivering, partners: Mapping[str, Partner]) -> tuple[Sent, Sent]:
    """What a location looks like to the strange partner and to the plain one."""
    await gateway.publish("LOC1", (STRANGE, PLAIN))

    async def empty() -> bool:
        return not await gateway.rows("SELECT 1 FROM gateway.deliveries")

    async with running(gateway.dispatcher):
        await eventually(empty)
    (strange,), (plain,) = partners[STRANGE].sent, partners[PLAIN].sent
    return strange, plain


@pytest.mark.ocpi_rule(3)
async def test_a_token_as_it_is(gateway: Delivering, partners: Mapping[str, Partner]) -> None:
    await gateway.set_options(STRANGE, authorization_style="RAW")
    strange, plain = await _arrived(gateway, partners)
    assert (strange.headers["authorization"], plain.headers["authorization"]) == (
        f"Token {TOKEN}",
        "Token dG9rZW4tYg==",
    )


async def test_a_slash_at_the_end_of_urls(gateway: Delivering, partners: Mapping[str, Partner]) -> None:
    await gateway.set_options(STRANGE, trailing_slash=True)
    strange, plain = await _arrived(gateway, partners)
    assert (strange.path, plain.path) == ("/locations/FR/SUN/LOC1/", "/locations/FR/SUN/LOC1")


async def test_party_ids_in_lower_case(gateway: Delivering, partners: Mapping[str, Partner]) -> None:
    await gateway.set_options(STRANGE, party_id_case="LOWER")
    strange, plain = await _arrived(gateway, partners)
    assert (strange.path, plain.path) == ("/locations/fr/sun/LOC1", "/locations/FR/SUN/LOC1")
    assert [each.headers["ocpi-from-party-id"] for each in (strange, plain)] == ["sun", "SUN"]
    assert [each.headers["ocpi-to-country-code"] for each in (strange, plain)] == ["nl", "NL"]
    assert [each.document["country_code"] for each in (strange, plain)] == ["fr", "FR"]


@pytest.mark.parametrize(
    ("form", "date"), [("WITHOUT_ZONE", "2026-03-01T10:00:00"), ("OFFSET", "2026-03-01T10:00:00+00:00")]
)
async def test_dates_in_another_form(
    gateway: Delivering, partners: Mapping[str, Partner], form: str, date: str
) -> None:
    await gateway.set_options(STRANGE, dates=form)
    strange, plain = await _arrived(gateway, partners)
    assert [each.document["last_updated"] for each in (strange, plain)] == [date, samples.NOW]


async def test_nothing_is_pushed(gateway: Delivering, partners: Mapping[str, Partner]) -> None:
    await gateway.set_options(STRANGE, push=False)
    await gateway.publish("LOC1", (STRANGE, PLAIN))

    async def empty() -> bool:
        return not await gateway.rows("SELECT 1 FROM gateway.deliveries")

    async with running(gateway.dispatcher):
        await eventually(empty)
    assert (len(partners[STRANGE].sent), len(partners[PLAIN].sent)) == (0, 1)
    assert await gateway.completed(STRANGE) == []
    # Pushed to again, it gets what was not pushed in the meantime.
    async with gateway.engine.begin() as connection:
        await connection.execute(insert(snapshots).values(_done(STRANGE)))
        await connection.execute(insert(snapshots).values(_done(PLAIN)))
    await gateway.set_options(STRANGE)
    again = await gateway.rows("SELECT partner FROM gateway.snapshots WHERE completed_at IS NULL")
    assert [row["partner"] for row in again] == [STRANGE]


async def test_an_old_tls_for_one_that_has_no_better(gateway: Delivering, partners: Mapping[str, Partner]) -> None:
    await gateway.publish("LOC1", (OLD, STRANGE))
    # The quirk of another partner does not help.
    await gateway.set_options(STRANGE, min_tls="1.2")

    async def failed() -> bool:
        return [each["last_error"] for each in await gateway.queued(OLD)] != [None]

    async def empty() -> bool:
        return not await gateway.queued(OLD)

    async with running(gateway.dispatcher):
        await eventually(failed)
        assert partners[OLD].sent == []
        await gateway.set_options(OLD, min_tls="1.2")
        await eventually(empty)
    assert [sent.path for sent in partners[OLD].sent] == [f"/locations/{OWNER.replace('-', '/')}/LOC1"]


class TestInbound:
    """What a partner sends otherwise than the text has it."""

    async def _set(self, bench: Bench, platform: str, **options: Any) -> None:
        await bench.transactions.run(lambda work: change_options(work, platform, lambda _former: options))

    async def test_objects_without_a_date(self, bench: Bench) -> None:
        undated = samples.location(evses=[samples.evse(connectors=[_without(samples.connector())])])
        undated = _without(undated)
        status, code, message = ocpi(await put(bench, "locations/FR/SUN/LOC1", undated))
        assert (status, code) == (200, 2001)
        assert "last_updated" in message
        await self._set(bench, "other", assume_last_updated=True)
        assert ocpi(await put(bench, "locations/FR/SUN/LOC2", undated | {"id": "LOC2"}))[:2] == (200, 2001)

    async def test_objects_without_a_date_of_one_whose_objects_may(self, bench: Bench) -> None:
        await self._set(bench, "cso", assume_last_updated=True)
        undated = samples.location(evses=[_without(samples.evse(connectors=[_without(samples.connector())]))])
        assert ocpi(await put(bench, "locations/FR/SUN/LOC1", _without(undated)))[:2] == (201, 1000)
        held = (await bench.clients["cso"].get("/receiver/locations/FR/SUN/LOC1")).json()["data"]
        date = held["last_updated"]
        assert held["evses"][0]["last_updated"] == held["evses"][0]["connectors"][0]["last_updated"] == date
        # The same again is the same, whenever it comes.
        assert ocpi(await put(bench, "locations/FR/SUN/LOC1", _without(undated)))[:2] == (200, 1000)
        assert len(await bench.events("location.published")) == 1

    async def test_party_ids_and_dates_in_any_form(self, bench: Bench) -> None:
        strange = samples.location(country_code="fr", party_id="sun", last_updated=LATE)
        assert ocpi(await put(bench, "locations/fr/sun/LOC1", strange))[:2] == (201, 1000)
        (event,) = await bench.events("location.published")
        assert event.owner == CSO
        headers = {"OCPI-from-country-code": "fr", "OCPI-from-party-id": "sun"} | routed("nl-csp")
        assert ocpi(await put(bench, "locations/FR/SUN/LOC2", samples.location(id="LOC2"), **headers))[0] == 201
        dateless = samples.location(id="LOC3", last_updated="2026-03-01T10:00:00")
        assert ocpi(await put(bench, "locations/FR/SUN/LOC3", dateless))[0] == 201

    async def test_answers_are_written_as_their_reader_wants_them(self, bench: Bench) -> None:
        await put(bench, "locations/FR/SUN/LOC1", samples.location())
        await self._set(bench, "csp", party_id_case="LOWER", dates="WITHOUT_ZONE")
        read = await bench.clients["csp"].get("/sender/locations", headers=_from("NL-CSP"))
        (listed,) = read.json()["data"]
        assert (listed["country_code"], listed["last_updated"]) == ("fr", "2026-03-01T10:00:00")
        assert read.headers["ocpi-to-party-id"] == "csp"
        assert not read.json()["timestamp"].endswith("Z")
        own = await bench.clients["cso"].get("/receiver/locations/FR/SUN/LOC1", headers=_from("FR-SUN"))
        assert (own.json()["data"]["country_code"], own.headers["ocpi-to-party-id"]) == ("FR", "SUN")
        await self._set(bench, "csp")

    async def test_a_slash_at_the_end_of_our_paths(self, bench: Bench) -> None:
        assert ocpi(await put(bench, "locations/FR/SUN/LOC1/", samples.location()))[0] == 201
        for path in ("/sender/locations/", "/sender/locations", "/receiver/locations/FR/SUN/LOC1/"):
            assert (await bench.clients["cso"].get(path)).status_code == 200


def _done(party: str) -> dict[str, Any]:
    row = {"owner": OWNER, "partner": party, "module": "locations", "after_object_id": "LOC1", "queued": 1}
    return row | {"starts_at": SINCE, "completed_at": SINCE}


def _from(party: str) -> dict[str, str]:
    country, _, name = party.partition("-")
    return {"OCPI-from-country-code": country, "OCPI-from-party-id": name}


def _without(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "last_updated"}
