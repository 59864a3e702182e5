from dataclasses import replace

import pytest

from services.gateway.deliveries.requests import PartnerAnswer, PartnerRequest, headers
from services.gateway.deliveries.verdict import Result
from services.gateway.partners.options import checked
from services.gateway.partners.tokens import Style


def request(module: str, body: bytes | None = None, style: Style = Style.BASE64) -> PartnerRequest:
    return PartnerRequest(
        platform="p",
        token="example-token",
        style=style,
        module=module,
        method="PUT",
        url="https://csp.example/x",
        sender="NL-TNM",
        receiver="DE-ABC",
        correlation_id="conversation",
        body=body,
    )


@pytest.mark.ocpi_rule(14)
def test_each_hop_has_a_new_request_id_and_the_same_correlation_id() -> None:
    found = headers(request("sessions", b"{}"), "hop-2")
    assert found["X-Request-ID"] == "hop-2"
    assert found["X-Correlation-ID"] == "conversation"
    assert found["Content-Type"] == "application/json"


def test_functional_modules_are_routed() -> None:
    found = headers(request("cdrs"), "r")
    assert found["OCPI-from-country-code"] == "NL"
    assert found["OCPI-from-party-id"] == "TNM"
    assert found["OCPI-to-country-code"] == "DE"
    assert found["OCPI-to-party-id"] == "ABC"


@pytest.mark.ocpi_rule(15)
def test_configuration_modules_are_not_routed() -> None:
    for module in ("versions", "credentials", "hubclientinfo"):
        assert not [name for name in headers(request(module), "r") if name.lower().startswith("ocpi-")]


@pytest.mark.ocpi_rule(3)
def test_the_token_is_written_as_the_partner_wants_it() -> None:
    assert headers(request("cdrs"), "r")["Authorization"] == "Token ZXhhbXBsZS10b2tlbg=="
    assert headers(request("cdrs", style=Style.RAW), "r")["Authorization"] == "Token example-token"


def test_a_request_does_not_show_its_token() -> None:
    assert "example-token" not in repr(request("cdrs"))


def test_a_url_that_was_given_for_this_use_is_called_as_it_is() -> None:
    slashed = replace(request("commands"), options=checked({"trailing_slash": True}))
    assert slashed.target == "https://csp.example/x/"
    assert replace(slashed, exact_url=True).target == "https://csp.example/x"
    assert replace(slashed, module="versions").target == "https://csp.example/x"


def test_the_body_is_worded_for_the_partner() -> None:
    lower = checked({"party_id_case": "LOWER"})
    assert replace(request("cdrs", b'{"party_id":"TNM"}'), options=lower).content == b'{"party_id":"tnm"}'
    assert request("cdrs").content is None


def test_an_object_in_a_list_is_taken_out_where_the_partner_answers_so() -> None:
    given, listed = PartnerAnswer(Result(), {"result": "ACCEPTED"}), PartnerAnswer(Result(), [{"result": "ACCEPTED"}])
    asked = request("commands", b"{}")
    assert asked.understood(listed) is listed
    in_lists = replace(asked, options=checked({"answers_in_lists": True}))
    assert in_lists.understood(listed) == given
    assert in_lists.understood(given) is given
    assert replace(in_lists, method="GET").understood(listed) is listed
