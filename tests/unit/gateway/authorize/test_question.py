from typing import Any

import pytest

from services.gateway.authorize.holders import Holder
from services.gateway.authorize.question import Place, Question, choose_holder, read_question
from services.gateway.calls import Call
from services.gateway.ocpi.envelope import NotJson, OcpiError
from services.gateway.ocpi.headers import MessageIds, Routing
from services.gateway.ocpi.versions import V2_2_1, V2_3_0, Version
from services.gateway.partners.peers import Peer

HUB = "NL-RWT"
PEER = Peer(
    "sun",
    frozenset({"FR-SUN", "FR-CSP"}),
    {"FR-SUN": frozenset({"CSO"}), "FR-CSP": frozenset({"CSP"}), "FR-OLD": frozenset({"CSO"})},
    registered=True,
)


def read(
    uid: str = "04A1", body: bytes = b"", asked: Routing | None = None, version: Version = V2_2_1, **query: str
) -> Question:
    routed = asked or Routing("FR-SUN")
    call = Call(version, "POST", {"uid": uid}, query, "", body, MessageIds("r", "c"), routed, PEER)
    return read_question(call, hub=HUB, max_depth=8)


def test_a_question_without_anything_is_about_a_card() -> None:
    assert read() == Question("FR-SUN", None, "04A1", "RFID", None)
    assert "04A1" not in repr(read())


@pytest.mark.ocpi_rule(17)
def test_the_hub_in_the_to_headers_is_open_routing() -> None:
    assert read(asked=Routing("FR-SUN", HUB)).home_csp is None
    assert read(asked=Routing("FR-SUN", "NL-CSP")).home_csp == "NL-CSP"


def test_a_caller_with_one_operator_need_not_name_it() -> None:
    assert read(asked=Routing()).visited_cso == "FR-SUN"


@pytest.mark.parametrize("sender", ["FR-CSP", "FR-OLD", "DE-ZZZ"])
def test_only_an_operator_of_the_caller_asks(sender: str) -> None:
    with pytest.raises(OcpiError, match="not registered as a CPO"):
        read(asked=Routing(sender))


@pytest.mark.parametrize("type_", ["rfid", "RFID", "APP_USER", "AD_HOC_USER", "OTHER"])
def test_the_types_of_tokens(type_: str) -> None:
    assert read(type=type_).type == type_.upper()


@pytest.mark.ocpi_rule(26)
def test_newer_types_are_those_of_the_newer_version() -> None:
    assert read(type="EMAID", version=V2_3_0).type == "EMAID"
    with pytest.raises(OcpiError, match="type:"):
        read(type="EMAID")
    with pytest.raises(OcpiError, match="type:"):
        read(type="x" * 65, version=V2_3_0)


def test_unknown_types_and_ids_are_refused() -> None:
    with pytest.raises(OcpiError, match="type:"):
        read(type="CARD")
    with pytest.raises(OcpiError, match="token_uid:"):
        read(uid="x" * 37)
    with pytest.raises(OcpiError, match="token_uid:"):
        read(uid="a\0b")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", None),
        (b" \n", None),
        (b"null", None),
        (b'{"location_id":"L1"}', Place("L1")),
        (b'{"location_id":"L1","evse_uids":null}', Place("L1")),
        (b'{"location_id":"L1","evse_uids":["E1","E2"],"new":1}', Place("L1", ("E1", "E2"))),
    ],
)
def test_where(body: bytes, place: Place | None) -> None:
    assert read(body=body).place == place


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b'{"location_id":7}',
        b'{"location_id":""}',
        b'{"location_id":"L1","evse_uids":"E1"}',
        b'{"location_id":"L1","evse_uids":[7]}',
        b'{"location_id":"' + b"x" * 37 + b'"}',
    ],
)
def test_places_that_cannot_be_used(body: bytes) -> None:
    with pytest.raises(OcpiError) as caught:
        read(body=body)
    assert (caught.value.status, caught.value.http_status) == (2001, 200)


def test_a_body_that_is_no_json() -> None:
    with pytest.raises(NotJson):
        read(body=b'{"location_id"')


A, B, C = (Holder(f"NL-{name * 3}", f"p-{name}") for name in "ABC")
A_PUSHED, C_PUSHED = (Holder(each.home_csp, each.pseudonym, b"token") for each in (A, C))


@pytest.mark.parametrize(
    ("holders", "counterparts", "chosen"),
    [
        ([], {"NL-AAA"}, None),
        ([A], set(), None),
        ([A], {"NL-AAA"}, A),
        ([A, B, C], {"NL-BBB", "NL-CCC"}, B),
        ([A_PUSHED, B, C_PUSHED], {"NL-BBB", "NL-CCC"}, C_PUSHED),
    ],
)
def test_whose_card_it_is(holders: Any, counterparts: Any, chosen: Any) -> None:
    assert choose_holder(holders, counterparts) == chosen
