from typing import Any

import pytest

from services.core.party import PartyId
from services.gateway.ocpi.versions import V2_2_1, V2_3_0
from services.gateway.partners.registration import (
    Credentials,
    Refused,
    Role,
    WrongMoment,
    check_moment,
    choose_version,
    read_credentials,
    read_endpoints,
    represented,
)

URL = "https://cpo.example/ocpi/versions"


def credentials(**fields: Any) -> dict[str, Any]:
    role = {"role": "CPO", "country_code": "nl", "party_id": "tnm", "business_details": {"name": "TNM"}}
    return {"token": "b-token", "url": URL, "roles": [role], **fields}


def role(party: str, name: str) -> Role:
    return Role(name, PartyId.parse(party))


def endpoint(identifier: str, role: Any = "RECEIVER", **fields: Any) -> dict[str, Any]:
    return {"identifier": identifier, "role": role, "url": f"https://cpo.example/{identifier}", **fields}


def test_a_token_that_we_are_just_giving_registers_nobody() -> None:
    with pytest.raises(WrongMoment):
        check_moment("POST", registered=False, invited=False)


@pytest.mark.ocpi_rule(5)
@pytest.mark.parametrize(
    ("method", "registered", "fits"),
    [
        ("POST", False, True),
        ("POST", True, False),
        ("PUT", True, True),
        ("PUT", False, False),
        ("DELETE", True, True),
        ("DELETE", False, False),
    ],
)
@pytest.mark.ocpi_rule(5)
def test_the_right_moment(method: str, registered: bool, fits: bool) -> None:
    if fits:
        check_moment(method, registered=registered)
    else:
        with pytest.raises(WrongMoment):
            check_moment(method, registered=registered)


def test_credentials_are_read() -> None:
    found = read_credentials(credentials(), max_roles=10)
    assert (found.token, found.url) == ("b-token", URL)
    assert found.roles == (Role("CPO", PartyId("NL", "TNM")),)
    assert "b-token" not in repr(found)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"token": None}, "token"),
        ({"token": "with space"}, "token"),
        ({"token": "x" * 65}, "token"),
        ({"url": "http://cpo.example"}, "url"),
        ({"url": "https://user@cpo.example/"}, "url"),
        ({"url": "https:///nohost"}, "url"),
        ({"url": "https://cpo.example:99999/"}, "url"),
        ({"url": "https://cpo.example/\n"}, "url"),
        ({"url": "https://cpo.example/" + "x" * 300}, "url"),
        ({"hub_party_id": "NL-HUB"}, "hub_party_id"),
        ({"hub_party_id": 7}, "hub_party_id"),
        ({"roles": []}, "roles"),
        ({"roles": [{}] * 11}, "roles"),
        ({"roles": ["CPO"]}, "roles"),
        ({"roles": [{"role": "CPO", "country_code": "NLD", "party_id": "TNM"}]}, "roles"),
        ({"roles": [{"role": "CPO", "country_code": "NL"}]}, "roles"),
    ],
)
def test_credentials_that_cannot_be_used_are_refused_by_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(Refused, match=f"^{named}:") as caught:
        read_credentials(credentials(**fields), max_roles=10)
    assert caught.value.ocpi_status == 2001


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(Refused, match="the body"):
        read_credentials(body, max_roles=10)


def of(*roles: Role, is_hub: bool = False) -> Credentials:
    return Credentials("b-token", URL, roles, is_hub)


def test_a_platform_speaks_for_those_that_were_invited_on_it() -> None:
    invited = {"NL-TNM": {"CSO"}, "NL-ABC": {"CSO", "CSP"}}
    roles = [role("NL-TNM", "CPO"), role("NL-ABC", "CPO"), role("NL-ABC", "EMSP"), role("NL-ABC", "NSP")]
    assert represented(of(*roles), invited, "NL-TNM") == {"NL-TNM", "NL-ABC"}
    assert represented(of(roles[0]), invited, "NL-TNM") == {"NL-TNM"}


@pytest.mark.parametrize(
    ("side", "reported"), [("CSO", "OTHER"), *(("CSP", each) for each in ("NSP", "NAP", "SCSP", "OTHER"))]
)
def test_a_party_in_any_role_stands_on_the_side_that_it_was_invited_to(side: str, reported: str) -> None:
    assert represented(of(role("NL-TNM", reported)), {"NL-TNM": {side}}, "NL-TNM") == {"NL-TNM"}


@pytest.mark.ocpi_rule(7)
def test_a_hub_speaks_for_those_behind_it_that_were_invited_on_its_platform() -> None:
    invited = {"NL-TNM": {"CSO"}, "NL-ABC": {"CSP"}}
    # 2.2.1: it names itself alone. 2.3.0: it names whom it reaches, strangers among them.
    assert represented(of(role("DE-HUB", "HUB"), is_hub=True), invited, "NL-TNM") == {"NL-TNM", "NL-ABC"}
    named = [role("NL-ABC", "EMSP"), role("DE-XYZ", "CPO")]
    assert represented(of(*named, is_hub=True), invited, "NL-ABC") == {"NL-ABC"}
    with pytest.raises(Refused, match="NL-ABC was invited as EMSP"):
        represented(of(role("NL-ABC", "CPO"), is_hub=True), invited)
    with pytest.raises(Refused, match="nobody behind this hub"):
        represented(of(named[1], is_hub=True), invited)
    with pytest.raises(Refused, match="NL-TNM, whose registration token this is, is missing"):
        represented(of(*named, is_hub=True), invited, "NL-TNM")


@pytest.mark.parametrize(
    ("fields", "is_hub"),
    [
        ({}, False),
        ({"hub_party_id": None}, False),
        ({"hub_party_id": "NLHUB"}, True),
        ({"roles": [{"role": "hub", "country_code": "NL", "party_id": "HUB"}]}, True),
    ],
)
def test_a_hub_says_so_in_either_version(fields: dict[str, Any], is_hub: bool) -> None:
    assert read_credentials(credentials(**fields), max_roles=10).is_hub is is_hub


@pytest.mark.parametrize(
    ("roles", "inviting", "message"),
    [
        ([role("NL-TNM", "SCSP")], "NL-TNM", "NL-TNM was invited as CPO and does not report it"),
        ([role("NL-TNM", "CPO"), role("DE-XYZ", "CPO")], "NL-TNM", "DE-XYZ not invited"),
        ([role("NL-ABC", "EMSP")], "NL-TNM", "NL-TNM, whose registration token this is, is missing"),
        ([role("NL-TNM", "EMSP")], "NL-TNM", "NL-TNM was invited as CPO and does not report it"),
    ],
)
def test_a_platform_that_speaks_for_others_is_refused(roles: list[Role], inviting: str, message: str) -> None:
    with pytest.raises(Refused, match=message) as caught:
        represented(of(*roles), {"NL-TNM": {"CSO"}, "NL-ABC": {"CSP"}}, inviting)
    assert caught.value.ocpi_status == 2001


BOTH = (V2_2_1, V2_3_0)
LISTED = [
    {"version": "2.3.0", "url": "https://x/c"},
    {"version": "2.1.1", "url": "https://x/a"},
    {"version": "2.2.1", "url": "https://x/b"},
]


def test_the_newest_common_version_is_chosen() -> None:
    assert choose_version(LISTED, BOTH) == (V2_3_0, "https://x/c")
    assert choose_version(LISTED[1:], BOTH) == (V2_2_1, "https://x/b")
    assert choose_version(LISTED, [V2_2_1]) == (V2_2_1, "https://x/b")


@pytest.mark.ocpi_rule(6)
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (None, 3001),
        ({"version": "2.2.1"}, 3001),
        ([{"version": "2.2.1"}], 3001),
        ([{"version": "2.2.1", "url": "http://x/b"}], 3001),
        ([], 3002),
        ([{"version": "2.3.0", "url": "https://x"}], 3002),
        (["2.2.1"], 3002),
    ],
)
def test_versions_that_cannot_be_used(data: Any, status: int) -> None:
    with pytest.raises(Refused) as caught:
        choose_version(data, [V2_2_1])
    assert caught.value.ocpi_status == status


def test_endpoints_are_read_and_unknown_modules_left_out() -> None:
    found = read_endpoints(
        {"endpoints": [endpoint("credentials", None), endpoint("cdrs"), endpoint("nltnm-own", "?"), 7]}, max_endpoints=9
    )
    assert [(each.identifier, each.role) for each in found] == [("credentials", "SENDER"), ("cdrs", "RECEIVER")]
    commands = read_endpoints({"endpoints": [endpoint("credentials"), endpoint("commands")]}, max_endpoints=9)
    assert [each.identifier for each in commands] == ["credentials", "commands"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (None, 3001),
        ({}, 3001),
        ({"endpoints": [endpoint("cdrs")] * 10}, 3001),
        ({"endpoints": [endpoint("credentials"), endpoint("cdrs", "BOTH")]}, 3001),
        ({"endpoints": [endpoint("credentials"), endpoint("cdrs", url="ftp://x")]}, 3001),
        ({"endpoints": [endpoint("credentials"), endpoint("cdrs", ["SENDER"])]}, 3001),
        ({"endpoints": [{"identifier": ["cdrs"]}, {"identifier": {}}]}, 3003),
        ({"endpoints": []}, 3003),
        ({"endpoints": [endpoint("cdrs")]}, 3003),
        ({"endpoints": [endpoint("credentials")]}, 3003),
        ({"endpoints": [endpoint("credentials"), endpoint("hubclientinfo")]}, 3003),
    ],
)
def test_endpoints_that_cannot_be_used(data: Any, status: int) -> None:
    with pytest.raises(Refused) as caught:
        read_endpoints(data, max_endpoints=9)
    assert caught.value.ocpi_status == status
