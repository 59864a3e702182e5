import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.ocpi.outgoing import in_version, to_wire
from services.gateway.ocpi.versions import V2_2_1, V2_3_0
from tests.unit.gateway import samples


@pytest.mark.ocpi_rule(26)
@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ("2015-06-29T20:39:09Z", "2015-06-29T20:39:09Z"),
        ("2015-06-29T20:39:09", "2015-06-29T20:39:09Z"),
        ("2015-06-29T20:39:09.2", "2015-06-29T20:39:09.2Z"),
        ("2015-06-29T20:39:09+00:00", "2015-06-29T20:39:09Z"),
        ("2015-06-29T20:39:09.120-01:30", "2015-06-29T22:09:09.120Z"),
        ("2015-13-29T20:39:09+00:00", "2015-13-29T20:39:09+00:00"),
        ("at 2015-06-29T20:39:09+00:00", "at 2015-06-29T20:39:09+00:00"),
    ],
)
@pytest.mark.ocpi_rule(26)
def test_date_times_go_out_in_utc_with_z(stored: str, sent: str) -> None:
    assert json.loads(to_wire(json.dumps({"last_updated": stored}).encode())) == {"last_updated": sent}


def test_json_quoted_inside_a_string_is_left_alone() -> None:
    body = json.dumps({"plain_data": json.dumps({"TM": "2015-06-29T20:39:09"})}).encode()
    assert to_wire(body) == body


@given(st.sampled_from([samples.cdr(), samples.location(), samples.session(), samples.token(), samples.tariff()]))
def test_what_needs_no_change_stays_the_same_bytes(document: dict[str, object]) -> None:
    body = samples.as_body(document)
    assert to_wire(body) == body


@given(st.text())
def test_it_is_settled_after_once(text: str) -> None:
    body = json.dumps({"a": text, "b": "2015-06-29T20:39:09"}).encode()
    assert to_wire(to_wire(body)) == to_wire(body)


@pytest.mark.parametrize(
    ("named", "issued", "there"),
    [("OTHER", "EMAID", "EMAID"), ("OTHER", None, "OTHER"), ("OTHER", "OTHER", "OTHER"), ("RFID", "EMAID", "RFID")],
)
def test_a_copy_of_a_token_gets_its_issuers_type_back_where_an_older_version_had_no_name_for_it(
    named: str, issued: str | None, there: str
) -> None:
    for module, make in (("cdrs", samples.cdr), ("sessions", samples.session)):
        body = samples.as_body(make(cdr_token=samples.cdr_token(type=named)))
        newer = json.loads(in_version(module, body, V2_2_1.name, V2_3_0, issued))
        assert newer["cdr_token"] == samples.cdr_token(type=there)
        assert in_version(module, body, V2_2_1.name, V2_2_1, issued) == body
