"""Whatever arrives is answered in OCPI's words, in both versions: the whole gateway, asked byte by byte."""

import asyncio
import json
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from services.gateway.ocpi.mappings import MAPPINGS
from tests.integration.gateway.front_door import CSO, CSP, OTHER, Door, Reply, front_door, request
from tests.support.cluster import Cluster
from tests.unit.gateway import samples, samples_2_3_0

pytestmark = pytest.mark.asyncio(loop_scope="module")
VERSIONS = [each.number for each in MAPPINGS]
SAMPLES: dict[str, ModuleType] = {"2.2.1": samples, "2.3.0": samples_2_3_0}
NO_JSON, INVALID = (400, 2000), (200, 2001)


class Push(NamedTuple):
    """One way to push an object; `{}` of the path is the version's root."""

    method: str
    path: str
    sample: str
    who: str = CSO
    fields: dict[str, Any] | None = None


PUSHES = [
    Push("POST", "{}/receiver/cdrs", "cdr"),
    Push("PUT", "{}/receiver/locations/FR/SUN/LOC1", "location"),
    Push("PUT", "{}/receiver/locations/FR/SUN/LOC1/E1", "evse"),
    Push("PUT", "{}/receiver/locations/FR/SUN/LOC1/E1/1", "connector"),
    Push("PATCH", "{}/receiver/locations/FR/SUN/LOC1", "location", fields={"last_updated": samples.LATER}),
    Push("PUT", "{}/receiver/sessions/FR/SUN/S1", "session"),
    Push("PATCH", "{}/receiver/sessions/FR/SUN/S1", "session", fields={"last_updated": samples.LATER, "kwh": 2}),
    Push("PUT", "{}/receiver/tariffs/FR/SUN/T1", "tariff"),
    Push("PUT", "{}/receiver/tokens/NL/CSP/04A1B2C3", "token", CSP),
    Push("PATCH", "{}/receiver/tokens/NL/CSP/04A1B2C3", "token", CSP, {"last_updated": samples.LATER}),
    Push("PUT", "{}/credentials", "tariff", fields={"token": "x", "url": "https://partner.example/v", "roles": []}),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    with cluster.database() as url:
        async with front_door(url, tmp_path_factory.mktemp("door")) as door:
            yield door


@pytest.fixture(params=VERSIONS)
def root(request: pytest.FixtureRequest) -> str:
    return f"/ocpi/{request.param}"


def sample(root: str, name: str) -> dict[str, Any]:
    module = SAMPLES[root.rpartition("/")[2]]
    found: dict[str, Any] = getattr(module, name, None) or getattr(samples, name)
    return found() if callable(found) else found


def whole(root: str, push: Push, **fields: Any) -> bytes:
    held = push.fields if push.fields is not None else sample(root, push.sample)
    return samples.as_body({**held, **fields})


async def pushed(door: Door, root: str, push: Push, body: bytes, **more: Any) -> Reply:
    reply = await door.ask(push.method, push.path.format(root), body, who=push.who, **more)
    assert reply.status < 500, reply.body
    return reply


async def everywhere(door: Door, root: str, body: bytes) -> dict[str, tuple[int, int]]:
    """What every push is told of one body, by method and path."""
    replies = await asyncio.gather(*(pushed(door, root, push, body) for push in PUSHES))
    return {f"{push.method} {push.path}": reply.told for push, reply in zip(PUSHES, replies, strict=True)}


@pytest.mark.ocpi_rule(1)
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"nothing", b'{"a":1', b'{"a":"\xff"}', '{"a":1}'.encode("utf-16"), b"\xef\xbb\xbf{}"),
        *(b'{"a":"\\ud800"}', b'{"a":NaN}', b'{"a":-Infinity}', b"{} {}", b'{"a":01}', b"\x1f\x8b\x08"),
    ],
)
async def test_what_is_no_json_is_400(door: Door, root: str, body: bytes) -> None:
    told = await everywhere(door, root, body)
    assert set(told.values()) == {NO_JSON}, told


@pytest.mark.ocpi_rule(1)
@pytest.mark.parametrize(
    "body",
    [
        *(
            b"[]",
            b"null",
            b"7",
            b'"text"',
            b"true",
            b"{}",
            b'{"id":1,"id":2}',
            b'{"a":{"b":1,"b":1}}',
            b'{"a":"\\u0000"}',
        ),
        *(b"[" * 20_000, b'{"a":' * 300 + b"1" + b"}" * 300, b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"),
        *(b'{"a":1e99999999999999999999}', b'{"a":' + b"9" * 5_000 + b"}"),
    ],
)
async def test_json_that_cannot_be_taken_is_2001_and_never_an_http_error(door: Door, root: str, body: bytes) -> None:
    told = await everywhere(door, root, body)
    assert set(told.values()) == {INVALID}, told


@pytest.mark.parametrize("number", [b"1e999999", b"-1E+400", b"9" * 400, b"0." + b"9" * 4_000, b"1e-999999"])
@pytest.mark.parametrize(
    ("push", "field"),
    [(PUSHES[0], "total_energy"), (PUSHES[1], "zz_unknown"), (PUSHES[3], "max_voltage"), (PUSHES[5], "kwh")],
)
async def test_numbers_beyond_all_range(door: Door, root: str, push: Push, field: str, number: bytes) -> None:
    body = whole(root, push, **{field: "@"}).replace(b'"@"', number)
    reply = await pushed(door, root, push, body)
    if field == "zz_unknown":
        assert reply.ocpi["status_code"] == 1000
        held = await door.ask("GET", push.path.format(root))
        assert f'"zz_unknown": {number.decode()}'.encode() in held.body
    else:
        assert reply.told == INVALID
        assert reply.ocpi["status_message"].startswith(field)


@pytest.mark.ocpi_rule(26)
@pytest.mark.parametrize("date", ["tomorrow", "2026-02-30T00:00:00Z", "2026-03-01", "2026-03-01T25:00:00Z", 7, ""])
async def test_dates_that_do_not_exist_are_named(door: Door, root: str, date: Any) -> None:
    for push in PUSHES[:-1]:
        reply = await pushed(door, root, push, whole(root, push, last_updated=date))
        assert (reply.told, "last_updated" in reply.ocpi["status_message"]) == (INVALID, True)


@pytest.mark.ocpi_rule(26)
async def test_a_date_without_a_zone_means_utc(door: Door, root: str) -> None:
    id = f"L-{root[-5:]}"
    push = PUSHES[1]._replace(path="{}/receiver/locations/FR/SUN/" + id)
    for date, status in (("2026-03-02T10:00:00", 1000), ("2026-03-02T11:00:00", 1000), ("2026-03-02T10:30:00Z", 2001)):
        reply = await pushed(door, root, push, whole(root, push, id=id, last_updated=date, name=date))
        assert reply.ocpi["status_code"] == status


@pytest.mark.ocpi_rule(26)
async def test_unknown_values_of_enumerations_are_kept_but_where_we_act_on_them(door: Door, root: str) -> None:
    place = whole(root, PUSHES[1], facilities=["LAUNDRY"], last_updated="2026-03-03T00:00:00Z")
    assert (await pushed(door, root, PUSHES[1], place)).ocpi["status_code"] == 1000
    held = await door.ask("GET", PUSHES[1].path.format(root))
    assert held.ocpi["data"]["facilities"] == ["LAUNDRY"]
    for push, field in ((PUSHES[8], "whitelist"), (PUSHES[5], "status")):
        reply = await pushed(door, root, push, whole(root, push, **{field: "SOMETIMES"}))
        assert (reply.told, field in reply.ocpi["status_message"]) == (INVALID, True)


@pytest.mark.ocpi_rule(1)
@pytest.mark.parametrize("head", ["content-length: 400001", "content-length: 999999999", "transfer-encoding: chunked"])
async def test_a_body_over_the_bound_is_413_in_every_way_to_send_it(door: Door, root: str, head: str) -> None:
    push = PUSHES[7]
    begun = request(push.method, push.path.format(root), headers=[head])
    rest = b"61a81\r\n" + b"x" * 400_001 + b"\r\n0\r\n\r\n" if "chunked" in head else b""
    assert (await door.send(begun + rest)).told == (413, 2000)


async def test_the_content_type_does_not_matter_and_the_body_decides(door: Door, root: str) -> None:
    push = PUSHES[7]
    for kind in ("text/xml", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        reply = await pushed(door, root, push, whole(root, push), headers=[f"content-type: {kind}"])
        assert reply.ocpi["status_code"] == 1000
        assert (await pushed(door, root, push, b"a=1", headers=[f"content-type: {kind}"])).told == NO_JSON


@pytest.mark.ocpi_rule(1)
@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/", (404, 2000)),
        ("GET", "/ocpi/2.1.1/cdrs", (404, 2000)),
        ("PUT", "/ocpi/9.9/credentials", (404, 2000)),
        ("GET", "{}/sender/parties", (404, 2000)),
        ("GET", "{}/cpo/locations", (404, 2000)),
        ("PUT", "{}/receiver/tariffs/FR/SUN", (404, 2000)),
        ("PUT", "{}/receiver/tariffs/XX/YYY/T1", (404, 2001)),
        ("PUT", "{}/receiver/tariffs/FRA/SUNNY/T1", (404, 2001)),
        ("PUT", "{}/receiver/tariffs/DE/ZZZ/T1", (404, 2001)),
        ("GET", "{}/receiver/tariffs/FR/SUN/NONE", (404, 2000)),
        ("GET", "{}/receiver/locations/FR/SUN/NONE", (404, 2003)),
        ("DELETE", "{}/receiver/cdrs", (405, 2000)),
        ("POST", "{}/receiver/tariffs/FR/SUN/T1", (405, 2000)),
        ("PUT", "{}/sender/cdrs", (405, 2000)),
        ("OPTIONS", "{}/sender/cdrs", (405, 2000)),
        ("PATCH", "{}/credentials", (405, 2000)),
    ],
)
async def test_unknown_versions_modules_roles_parties_and_methods(
    door: Door, root: str, method: str, path: str, told: tuple[int, int]
) -> None:
    reply = await door.ask(method, path.format(root), samples.as_body(sample(root, "tariff")))
    assert reply.told == told
    assert ("allow" in reply.headers) is (told[0] == 405)


@pytest.mark.ocpi_rule(18)
async def test_what_belongs_to_another_is_not_touched(door: Door, root: str) -> None:
    push = PUSHES[7]
    foreign = await door.ask("PUT", push.path.format(root), whole(root, push), who=OTHER)
    assert foreign.told == (404, 2001)
    other_id = await pushed(door, root, push, whole(root, push, id="T2"))
    assert (other_id.told, other_id.ocpi["status_message"]) == (INVALID, "id: is not the one in the URL")
    cdr = await door.ask("POST", PUSHES[0].path.format(root), whole(root, PUSHES[0]), who=OTHER)
    assert cdr.told == INVALID
    assert (await door.ask("PUT", PUSHES[8].path.format(root), whole(root, PUSHES[8]), who=CSO)).told == (404, 2001)


@pytest.mark.parametrize(
    "tail",
    [
        *("%00", "a%00b", "..", "%2e%2e", "a%2Fb", "a/b/c/d/e", "%ff", "%ED%A0%80", "%C3%A9", "%F0%9F%98%80" * 500),
        *("x" * 10_000, "a%0d%0aset-cookie:%20x", "%", "%zz", ";", "a%20b", "*", "%25"),
    ],
)
async def test_odd_paths(door: Door, root: str, tail: str) -> None:
    body = samples.as_body(sample(root, "tariff"))
    places = ("receiver/tariffs/FR/SUN", "receiver/locations/FR/SUN/LOC1", "receiver/cdrs/FR-SUN", "sender/locations")
    for place in (*places, "receiver/tokens/NL/CSP", "sender/tokens", "reports", "commands", ""):
        for method in ("GET", "PUT", "POST"):
            who = CSP if "receiver/tokens" in place else CSO
            reply = await door.ask(method, f"{root}/{place}/{tail}", b"" if method == "GET" else body, who=who)
            assert (reply.status in {200, 404, 405}, reply.ocpi["status_code"] >= 2000) == (True, True), reply
            assert "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    ("query", "named"),
    [(f"limit={each}", "limit") for each in ("-1", "0", "x", "", "1e9", "%D9%A1", "1%00", "9" * 30)]
    + [(f"offset={each}", "offset") for each in ("1e9", "-1", "9" * 19, "%00")]
    + [(f"date_from={each}", "date_from") for each in ("x", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00%2B14:00")]
    + [("date_to=%00", "date_to"), ("cursor=x", "cursor"), ("limit=1&limit=x", "limit")],
)
async def test_queries_that_cannot_be_read_are_named(door: Door, root: str, query: str, named: str) -> None:
    for module, who in (("locations", CSP), ("cdrs", CSP), ("sessions", CSP), ("tariffs", CSP), ("tokens", CSO)):
        reply = await door.ask("GET", f"{root}/sender/{module}?{query}", who=who)
        assert (reply.told, reply.ocpi["status_message"].split(":")[0]) == (INVALID, named)


@pytest.mark.parametrize(
    "query", ["offset=999999999999999", "%00=%00", "&&=&", "x" * 20_000, "date_from=", "limit=100000"]
)
async def test_queries_that_ask_for_nothing_wrong(door: Door, root: str, query: str) -> None:
    reply = await door.ask("GET", f"{root}/sender/cdrs?{query}", who=CSP)
    assert (reply.told, int(reply.headers["x-limit"]) <= 500) == ((200, 1000), True)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (["OCPI-from-country-code: FR"], INVALID),
        (["OCPI-to-party-id: CSP"], INVALID),
        (["OCPI-from-country-code: NL", "OCPI-from-party-id: CSP"], INVALID),
        (["OCPI-from-country-code: FR", "OCPI-from-party-id: " + "S" * 20_000], INVALID),
        (["OCPI-to-country-code: \xdf", "OCPI-to-party-id: CSP"], INVALID),
        (["OCPI-to-country-code: SE", "OCPI-to-party-id: QQQ"], (200, 4001)),
        (["authorization: Bearer x"], (401, 2000)),
        (["authorization: Token"], (401, 2000)),
        (["authorization: Token \xff"], (401, 2000)),
        (["authorization: Token " + "x" * 9_000], (401, 2000)),
        (["authorization:"], (401, 2000)),
    ],
)
async def test_odd_headers(door: Door, root: str, headers: list[str], told: tuple[int, int]) -> None:
    push = PUSHES[7]
    assert (await pushed(door, root, push, whole(root, push), headers=headers)).told == told


async def test_ids_that_cannot_be_repeated_are_replaced(door: Door, root: str) -> None:
    reply = await door.ask("GET", f"{root}/sender/cdrs", who=CSP, headers=["x-request-id: " + "x" * 20_000])
    assert (reply.told, len(reply.headers["x-request-id"])) == ((200, 1000), 36)


async def test_nothing_of_it_was_kept_but_what_was_right(door: Door) -> None:
    rows = await door.gateway.rows("SELECT object_id FROM gateway.tariffs")
    assert {row["object_id"] for row in rows} <= {"T1"}
    assert not await door.gateway.rows("SELECT 1 FROM gateway.cdrs")
    assert json.loads((await door.ask("GET", "/ocpi/versions")).body)["status_code"] == 1000
