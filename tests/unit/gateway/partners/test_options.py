from typing import Any

import pytest

from services.core.errors import BadContent
from services.gateway.partners.options import DEFAULT, PartnerOptions, checked, loaded, patched, stored
from services.gateway.partners.tokens import Style


def test_a_partner_without_options_has_the_defaults() -> None:
    assert loaded(None) == loaded({}) == DEFAULT == PartnerOptions()
    assert (DEFAULT.min_tls, DEFAULT.push, DEFAULT.dates, DEFAULT.party_id_case) == ("1.3", True, "ZULU", "UPPER")


def test_what_was_set_is_kept_and_defaults_are_not() -> None:
    options = checked({"authorization_style": "RAW", "requests_per_minute": {"cdrs": 60}, "max_page_rows": None})
    assert options.authorization_style is Style.RAW
    kept = stored(options)
    assert kept == {"authorization_style": "RAW", "requests_per_minute": {"cdrs": 60}}
    assert loaded(kept) == options


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"min_tls": "1.1"}, "min_tls"),
        ({"authorization_style": "MD5"}, "authorization_style"),
        ({"requests_per_minute": {"coffee": 1}}, "requests_per_minute"),
        ({"requests_per_minute": {"cdrs": 0}}, "requests_per_minute.cdrs"),
        ({"max_body_bytes": -1}, "max_body_bytes"),
        ({"no_such_option": 1}, "no_such_option"),
    ],
)
def test_options_that_cannot_be_are_named(values: dict[str, Any], named: str) -> None:
    with pytest.raises(BadContent, match=named):
        checked(values)


def test_what_another_release_stored_does_not_cut_a_partner_off() -> None:
    assert loaded({"of_the_next_release": True, "push": False}) == checked({"push": False})
    assert loaded({"min_tls": "1.7"}) == DEFAULT


def test_a_change_replaces_what_it_names_and_null_takes_away() -> None:
    held = {"push": False, "requests_per_minute": {"cdrs": 60, "tokens": 5}}
    change = {"push": None, "min_tls": "1.2", "requests_per_minute": {"cdrs": 30, "tokens": None}}
    assert patched(held, change) == {"min_tls": "1.2", "requests_per_minute": {"cdrs": 30}}
    assert held["push"] is False
