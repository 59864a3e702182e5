"""What of an object no field of its event carries is in the event all the same, over a real PostgreSQL."""

import asyncio
import json

from services.gateway.vault import Purpose
from services.gateway.vault_store import Sealing
from services.runtime.settings import OutboxSettings
from tests.integration.gateway.bench import Bench, ocpi, patch, put, running
from tests.unit.gateway import samples

LOCATION, TARIFF, SESSION = "locations/FR/SUN/LOC1", "tariffs/FR/SUN/T1", "sessions/FR/SUN/S1"


async def test_a_location_and_a_tariff_as_they_were_sent(bench: Bench) -> None:
    location, tariff = samples.location(charging_when_closed=True), samples.tariff(energy_mix={"is_green_energy": True})
    await put(bench, LOCATION, location)
    await put(bench, TARIFF, tariff)
    for topic, sent in (("location.published", location), ("tariff.published", tariff)):
        (event,) = await bench.events(topic)
        assert (event.protocol, event.document) == ("OCPI-2.2.1", samples.as_body(sent))


async def test_a_location_as_it_stands_after_the_push_of_a_part(bench: Bench) -> None:
    await put(bench, LOCATION, samples.location(charging_when_closed=True))
    await put(bench, f"{LOCATION}/E1", samples.evse(status="CHARGING", floor_level="-1", last_updated=samples.LATER))
    document = json.loads((await bench.events("location.published"))[-1].document)
    assert document["charging_when_closed"] is True
    assert (document["evses"][0]["floor_level"], document["last_updated"]) == ("-1", samples.LATER)


async def test_a_session_and_a_token_are_sealed_under_their_contract(bench: Bench) -> None:
    session, token = samples.session(meter_id="M1"), samples.token(visual_number="7")
    await put(bench, SESSION, session)
    await put(bench, f"tokens/NL/CSP/{token['uid']}", token, "csp")
    (reported,), (issued,) = await bench.events("session.reported"), await bench.events("credential.issued")
    assert (reported.protocol, issued.protocol) == ("OCPI-2.2.1", "OCPI-2.2.1")
    sealed = [
        Sealing(reported.pseudonym, Purpose.SESSION, reported.sealed),
        Sealing(issued.pseudonym, Purpose.TOKEN, issued.sealed),
    ]
    async with bench.engine.connect() as connection:
        opened = await bench.vault.unseal(connection, sealed)
    assert opened == [samples.as_body(session), samples.as_body(token)]


async def test_an_object_that_outgrows_an_event_is_refused_and_its_neighbours_are_taken(url: str) -> None:
    async with running(url, outbox=OutboxSettings(max_event_bytes=6_000)) as bench:
        await put(bench, LOCATION, samples.location())
        large = samples.evse(uid="E2", note_of_its_own="x" * 6_000)
        answers = await asyncio.gather(
            put(bench, f"{LOCATION}/E2", large), *(put(bench, f"locations/FR/SUN/L{n}", _named(n)) for n in range(4))
        )
        assert [ocpi(answer)[:2] for answer in answers] == [(200, 2001), *[(201, 1000)] * 4]
        assert "larger than an event may be" in ocpi(answers[0])[2]
        held = await bench.clients["cso"].get(f"/receiver/{LOCATION}")
        assert [each["uid"] for each in json.loads(held.content)["data"]["evses"]] == ["E1"]
        assert ocpi(await patch(bench, LOCATION, {"name": "Nord", "last_updated": samples.LATER}))[:2] == (200, 1000)


def _named(number: int) -> dict[str, object]:
    return samples.location(id=f"L{number}")
