"""Where a partner's credentials may go."""

import pytest

from services.gateway.pulling.links import Elsewhere, number, trusted, with_query

HOME = "https://partner.example/ocpi/cpo/2.2.1/locations"


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        ("https://partner.example/ocpi/x?offset=2", "https://partner.example/ocpi/x?offset=2"),
        ("https://PARTNER.example:443/x?cursor=a%2Fb#top", "https://partner.example/x?cursor=a%2Fb"),
        ("http://partner.example/x?offset=2", "https://partner.example/x?offset=2"),
        ("http://partner.example:8080/x?offset=2", "https://partner.example/x?offset=2"),
        ("https://user:secret@partner.example/x", "https://partner.example/x"),
    ],
)
def test_links_are_followed_at_the_registered_origin(link: str, followed: str) -> None:
    assert trusted(link, HOME) == followed


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/x",
        "https://partner.example.elsewhere.example/x",
        "https://partner.example@elsewhere.example/x",
        "http://elsewhere.example/x",
        "file:///etc/passwd",
        "https://partner.example:port/x",
        "https://[::1/x",
        "https://partner.example/" + "x" * 4_000,
    ],
)
def test_credentials_go_to_no_other_host(link: str) -> None:
    with pytest.raises(Elsewhere):
        trusted(link, HOME)


def test_further_hosts_are_those_that_the_options_name() -> None:
    link = "https://pages.example:8443/x?offset=2"
    assert trusted(link, HOME, ["Pages.example:8443"]) == link
    for hosts in (["pages.example"], ["pages.example:443"]):
        with pytest.raises(Elsewhere):
            trusted(link, HOME, hosts)
    with pytest.raises(Elsewhere):
        trusted("http://pages.example/x", HOME, ["pages.example"])


def test_parameters_take_the_place_of_those_of_the_same_name() -> None:
    url = with_query(f"{HOME}?tenant=1&offset=5", {"offset": "7", "date_from": "2026-01-01T00:00:00Z"})
    assert url == f"{HOME}?tenant=1&offset=7&date_from=2026-01-01T00:00:00Z"


@pytest.mark.parametrize(("query", "found"), [("offset=20", 20), ("offset=x", None), ("limit=3", None), ("", None)])
def test_numbers_of_a_query(query: str, found: int | None) -> None:
    assert number(f"{HOME}?{query}", "offset") == found
