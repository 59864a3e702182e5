"""Public keys of meters: registered through the admin API, used for the CDRs of their EVSE."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from schemas.models.gateway import CdrSignedData, CdrSignedValue
from tests.integration.clearing_api import Api
from tests.integration.clearing_rig import on
from tests.unit.clearing.audit import ocmf
from tests.unit.clearing.samples import END, START, place

KEY, OTHER = ocmf.public().hex(), ocmf.public(ocmf.OTHER_KEY).hex()


def keys(*public_keys: str, cso: str = "BE-BEC", evse: str = "E1") -> dict[str, Any]:
    return {"visited_cso": cso, "keys": [{"evse_uid": evse, "public_key": key} for key in public_keys]}


def signed(kwh: str, key: Any = ocmf.KEY, **changes: Any) -> CdrSignedData:
    text = ocmf.record(ocmf.reading("100", START, "B"), ocmf.reading(kwh, END, "E"), key=key)
    values = [CdrSignedValue(nature="End", plain_data="", signed_data=text)]
    return CdrSignedData(**({"encoding_method": "OCMF", "values": values, "withheld": 0} | changes))


def nameless(*, fits: bool, **changes: Any) -> CdrSignedData:
    """Readings out of which the gateway took who charged, and the signature with that."""
    (sent,) = signed("120").values
    stripped = "|".join([*sent.signed_data.split("|")[:2], '{"SD":""}'])
    values = [sent.model_copy(update={"signed_data": stripped, "fits_own_key": fits})]
    return signed("120", **(changes | {"values": values}))


async def shown(api: Api, **query: str | int) -> list[tuple[str, str]]:
    _, found = await api.get("meter-keys", **query)
    return [(each["evse_uid"], each["public_key"]) for each in found["keys"]]


async def test_a_key_is_registered_once_however_it_is_written_and_removed(api: Api) -> None:
    in_base64 = base64.b64encode(ocmf.public()).decode()
    assert await api.post("meter-keys", keys(KEY, OTHER)) == (200, {"registered": 2, "given": 2})
    assert await api.post("meter-keys", keys(in_base64, cso="be-bec")) == (200, {"registered": 0, "given": 1})
    assert await shown(api) == sorted([("E1", KEY), ("E1", OTHER)])
    removal = {"visited_cso": "BE-BEC", "evse_uid": "e1", "public_key": in_base64}
    assert await api.post("meter-keys/remove", removal) == (200, {"removed": 1})
    assert await shown(api, cso="be-bec") == [("E1", OTHER)]
    assert await api.post("meter-keys/remove", {"visited_cso": "BE-BEC", "evse_uid": "E1"}) == (200, {"removed": 1})
    assert await shown(api) == []


async def test_pages_lead_to_all_keys(api: Api) -> None:
    for name in ("A|B", "C", "D"):
        await api.post("meter-keys", keys(KEY, evse=name))
    _, first = await api.get("meter-keys")
    _, second = await api.get("meter-keys", after=first["next"])
    assert [each["evse_uid"] for each in first["keys"] + second["keys"]] == ["A|B", "C", "D"]
    assert second["next"] is None
    assert (await api.get("meter-keys", after="x"))[0] == 422


@pytest.mark.parametrize("wrong", ["", "no key", "00", "A" * 6_000])
async def test_what_is_no_public_key_is_refused_with_its_place(api: Api, wrong: str) -> None:
    status, error = await api.post("meter-keys", keys(KEY, wrong))
    assert (status, "keys.1.public_key" in error["detail"]) == (422, True)
    assert await shown(api) == []


async def test_an_evse_has_no_more_keys_than_an_audit_tries(api: Api) -> None:
    many = [ocmf.public(ec.derive_private_key(number, ec.SECP256R1())).hex() for number in range(1, 7)]
    status, error = await api.post("meter-keys", keys(*many))
    assert (status, "more than 5 keys" in error["detail"]) == (409, True)
    assert await shown(api) == []


async def test_signed_readings_are_verified_with_the_key_of_their_evse(api: Api) -> None:
    await api.post("meter-keys", keys(KEY))
    await api.post("meter-keys", keys(OTHER, cso="BE-OTH"))
    elsewhere = {"location": place(evse_uid="E2")}
    its_own = [{"pseudonym": f"p-{number}", "location": place(connector_id=f"{number}")} for number in range(8)]
    await api.rig.take(
        "cdr.submitted",
        on(0, signed_data=signed("120"), **its_own[0]),
        on(1, signed_data=signed("119"), **its_own[1]),
        on(2, signed_data=signed("120", ocmf.OTHER_KEY), **its_own[2]),
        on(3, signed_data=signed("120", withheld=2), **its_own[3]),
        on(4, pseudonym="p-4", signed_data=signed("120", public_key=KEY), **elsewhere),
        on(5, signed_data=nameless(fits=True, public_key=KEY), **its_own[5]),
        on(6, signed_data=nameless(fits=False, public_key=KEY), **its_own[6]),
        on(7, signed_data=nameless(fits=True, public_key=OTHER), **its_own[7]),
    )
    said = {each.cdr_id: each for each in await api.rig.said()}
    found = {name: [code for code in each.finding_codes if "METER" in code] for name, each in said.items()}
    assert found == {
        "C0": [],
        "C1": ["METER_ENERGY_MISMATCH"],
        "C2": ["METER_SIGNATURE_INVALID"],
        "C3": ["METER_VALUES_UNVERIFIED"],
        "C4": ["METER_VALUES_UNVERIFIED"],
        "C5": [],
        "C6": ["METER_SIGNATURE_INVALID"],
        "C7": ["METER_KEY_MISMATCH"],
    }
    assert any("2 of them may tell who charged" in each.detail for each in said["C3"].findings)
