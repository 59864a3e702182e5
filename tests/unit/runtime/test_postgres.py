from services.runtime.postgres import pack_headers, unpack_headers

HEADERS = [("ce_id", b"1"), ("correlation_id", '"\\ é\x1f'.encode()), ("ce_id", b"")]


def test_headers_come_back_as_they_were() -> None:
    assert unpack_headers(pack_headers(HEADERS)) == HEADERS


def test_headers_lie_in_the_outbox_as_json() -> None:
    assert pack_headers([("ce_id", b"1")]) == b'[["ce_id","1"]]'


def test_headers_that_were_packed_with_spaces_and_escapes_are_read() -> None:
    assert unpack_headers(b'[["ce_id", "\\u00e9"]]') == [("ce_id", "é".encode())]
