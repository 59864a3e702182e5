from services.runtime.postgres import pack_headers, session_options, unpack_headers
from services.runtime.settings import DatabaseSettings

HEADERS = [("ce_id", b"1"), ("correlation_id", '"\\ é\x1f'.encode()), ("ce_id", b"")]


def test_headers_come_back_as_they_were() -> None:
    assert unpack_headers(pack_headers(HEADERS)) == HEADERS


def test_headers_lie_in_the_outbox_as_json() -> None:
    assert pack_headers([("ce_id", b"1")]) == b'[["ce_id","1"]]'


def test_headers_that_were_packed_with_spaces_and_escapes_are_read() -> None:
    assert unpack_headers(b'[["ce_id", "\\u00e9"]]') == [("ce_id", "é".encode())]


def test_a_session_tells_the_server_when_its_client_counts_as_gone() -> None:
    told = session_options(
        DatabaseSettings(tcp_keepalives_idle_seconds=7, idle_in_transaction_session_timeout_seconds=1.5)
    )
    assert "-c tcp_keepalives_idle=7 " in told
    assert "-c idle_in_transaction_session_timeout=1500 " in told
    assert "-c tcp_user_timeout=10000 " in told
