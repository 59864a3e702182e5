from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import BadContent
from services.gateway.ocpi.headers import (
    MessageIds,
    Routing,
    message_ids,
    next_hop,
    response_routing,
    routing,
    routing_headers,
)

parties = st.from_regex(r"[A-Z]{2}-[A-Z0-9]{3}", fullmatch=True)


def test_ids_of_a_request_are_kept_and_repeated() -> None:
    ids = message_ids({"x-request-id": "r", "x-correlation-id": "c"}, lambda: "new")
    assert ids.headers() == {"x-request-id": "r", "x-correlation-id": "c"}


@pytest.mark.parametrize("sent", [None, "", "x" * 129, "é", "a\x00b", "a\tb"])
def test_missing_or_unusable_ids_are_replaced_by_new_ones(sent: str | None) -> None:
    numbers = count()
    headers = {} if sent is None else {"x-request-id": sent, "x-correlation-id": sent}
    assert message_ids(headers, lambda: str(next(numbers))) == MessageIds("0", "1")


@pytest.mark.ocpi_rule(14)
def test_the_next_hop_has_a_new_request_id_and_keeps_the_correlation() -> None:
    assert next_hop("c", lambda: "new") == MessageIds("new", "c")
    assert next_hop("", lambda: "new") == MessageIds("new", "new")


@given(parties, parties)
def test_routing_headers_are_read_as_they_are_written(sender: str, receiver: str) -> None:
    assert routing(routing_headers(sender, receiver)) == Routing(sender, receiver)


def test_parties_compare_without_case() -> None:
    headers = {"ocpi-to-country-code": "nl", "ocpi-to-party-id": "tnm"}
    assert routing(headers) == Routing(None, "NL-TNM")


@pytest.mark.parametrize(
    "headers",
    [
        {"ocpi-to-country-code": "NL"},
        {"ocpi-from-party-id": "TNM"},
        {"ocpi-to-country-code": "NLD", "ocpi-to-party-id": "TNM"},
        {"ocpi-to-country-code": "NL", "ocpi-to-party-id": "T-M"},
    ],
)
def test_half_or_wrong_routing_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadContent, match=r"OCPI-(to|from)"):
        routing(headers)


def test_an_answer_goes_back_the_way_the_request_came() -> None:
    assert response_routing(Routing("NL-CSP", "FR-SUN"), "NL-RWT") == routing_headers("FR-SUN", "NL-CSP")
    assert response_routing(Routing("NL-CSP", None), "NL-RWT") == routing_headers("NL-RWT", "NL-CSP")
    assert response_routing(Routing(None, "NL-RWT"), "NL-RWT") == {}
