import pytest

from services.gateway.conversations.conversation import key_hash, new_key, response_url


@pytest.mark.ocpi_rule(22)
def test_a_response_url_of_ours_cannot_be_guessed_nor_read_from_the_table() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) >= 43 for key in keys)
    key = keys.pop()
    assert len(key_hash(key)) == 32
    url = response_url("https://hub.example", "/ocpi/2.2.1", "commands", key)
    assert url == f"https://hub.example/ocpi/2.2.1/sender/commands/results/{key}"
    assert len(url) <= 255
