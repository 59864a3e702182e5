import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.partners.tokens import (
    Style,
    authorization,
    candidate_hashes,
    is_token,
    new_token,
    presented,
    token_hash,
)

TOKEN = "example-token"
HASH = sha256(TOKEN.encode()).hexdigest()
TOKENS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "written",
    [
        TOKEN,
        encoded(TOKEN),
        # The example in the text decodes to the token and a line feed.
        "ZXhhbXBsZS10b2tlbgo=",
        encoded(TOKEN + "\r\n"),
        encoded(TOKEN).rstrip("="),
    ],
)
@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN"])
@pytest.mark.ocpi_rule(3)
def test_every_way_to_write_a_token_is_understood(written: str, scheme: str) -> None:
    assert HASH in candidate_hashes(f"{scheme} {written}")
    assert HASH in candidate_hashes(f"  {scheme}  {written} ")


@pytest.mark.ocpi_rule(3)
def test_a_token_that_was_kept_with_its_line_feed_is_found() -> None:
    kept = token_hash(TOKEN + "\n")
    assert kept in candidate_hashes("Token ZXhhbXBsZS10b2tlbgo=")
    assert kept in candidate_hashes(f"Token {TOKEN}")


@pytest.mark.parametrize("header", [None, "", "Token", "Token ", "Bearer abc", "abc", "Token " + "x" * 600])
def test_what_is_no_token_has_no_hash(header: str | None) -> None:
    assert candidate_hashes(header) == ()


@given(TOKENS, st.sampled_from(Style))
def test_what_we_write_is_what_we_read(token: str, style: Style) -> None:
    assert token_hash(token) in candidate_hashes(authorization(token, style))
    assert len(candidate_hashes(authorization(token, style))) <= 5


@given(TOKENS)
def test_a_token_is_shown_to_its_holder_as_it_was_issued(token: str) -> None:
    assert presented(authorization(token, Style.BASE64)) == token


def test_a_raw_token_is_shown_as_it_is() -> None:
    issued = new_token()
    assert presented(authorization(issued, Style.RAW)) == issued
    assert presented("Token abc def") == "abc def"


@pytest.mark.parametrize(
    ("text", "valid"), [("a", True), ("~" * 64, True), ("", False), ("~" * 65, False), ("a b", False), ("ä", False)]
)
def test_the_form_of_a_token(text: str, valid: bool) -> None:
    assert is_token(text) is valid


def test_new_tokens_are_tokens_and_differ() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(map(is_token, tokens))
