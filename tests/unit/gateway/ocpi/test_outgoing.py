import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.ocpi.outgoing import to_wire
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
