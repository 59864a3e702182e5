import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Self, cast

import aiohttp
import pytest

from services.cli.replay_partner import Partner, Patience, dumps
from services.core.errors import BadContent, Unavailable
from services.core.party import PartyId

QUICK = Patience(give_up_seconds=0.05, invited_seconds=0.05, first_pause_seconds=0.001, longest_pause_seconds=0.002)


class Reply:
    """A response of aiohttp, as far as it is used."""

    def __init__(self, status: int, content: bytes) -> None:
        self.status, self._content = status, content

    async def read(self) -> bytes:
        return self._content

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Session:
    """Answers in turn, the last for ever; remembers what it was sent."""

    def __init__(self, *answers: Reply | Exception) -> None:
        self._answers = list(answers)
        self.sent: list[tuple[str, str, bytes | None, Mapping[str, str]]] = []

    def request(self, method: str, url: str, *, data: bytes | None, headers: Mapping[str, str]) -> Reply:
        self.sent.append((method, url, data, headers))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def ocpi(data: Any = None, status_code: int = 1000, http: int = 200) -> Reply:
    return Reply(http, json.dumps({"data": data, "status_code": status_code, "status_message": "said"}).encode())


def partner(session: Session) -> Partner:
    found = Partner(
        PartyId("GB", "DND"), "CPO", "Dundee", "https://us/versions", cast(aiohttp.ClientSession, session), QUICK
    )
    found.endpoints = {("sessions", "RECEIVER"): "https://hub/sessions/", ("cdrs", "RECEIVER"): "https://hub/cdrs"}
    found.token_for_them = "token-c"
    return found


async def test_an_object_is_put_where_it_is_owned_with_token_and_routing() -> None:
    session = Session(ocpi())
    answer = await partner(session).put("sessions", "S1", {"kwh": Decimal("22.287")})
    ((method, url, body, headers),) = session.sent
    assert answer.is_success
    assert (method, url) == ("PUT", "https://hub/sessions/GB/DND/S1")
    assert body == b'{"kwh":22.287}'
    assert headers["Authorization"] == "Token dG9rZW4tYw=="
    assert (headers["OCPI-from-country-code"], headers["OCPI-from-party-id"]) == ("GB", "DND")


@pytest.mark.parametrize(
    "failure",
    [
        Reply(503, b""),
        Reply(429, b"{}"),
        Reply(200, b"<html>"),
        ocpi(status_code=3000),
        aiohttp.ServerDisconnectedError(),
        TimeoutError(),
        ConnectionResetError(),
    ],
)
async def test_the_very_same_bytes_are_sent_again_until_acknowledged(failure: Reply | Exception) -> None:
    session = Session(failure, failure, ocpi())
    sender = partner(session)
    answer = await sender.post_cdr({"id": "1"})
    assert (answer.is_success, answer.tries, sender.repeats) == (True, 3, 2)
    assert len({body for _, _, body, _ in session.sent}) == 1
    assert len({headers["X-Request-ID"] for *_, headers in session.sent}) == 3


@pytest.mark.parametrize("status_code", [2001, 4001])
async def test_a_refusal_is_an_answer_and_is_not_repeated(status_code: int) -> None:
    session = Session(ocpi(status_code=status_code))
    answer = await partner(session).post_cdr({"id": "1"})
    assert (answer.status_code, answer.message, answer.is_success) == (status_code, "said", False)
    assert len(session.sent) == 1


async def test_it_gives_up_after_the_time_and_says_why() -> None:
    with pytest.raises(Unavailable, match=r"not acknowledged after \d+ tries: ClientConnectionError"):
        await partner(Session(aiohttp.ClientConnectionError())).post_cdr({"id": "1"})


async def test_the_handshake_waits_for_the_invitation_and_keeps_the_token_given() -> None:
    session = Session(
        ocpi(status_code=2000, http=401),
        ocpi(),
        ocpi([{"version": "2.1.1", "url": "https://hub/2.1.1"}, {"version": "2.2.1", "url": "https://hub/2.2.1"}]),
        ocpi({"endpoints": [{"identifier": "credentials", "role": "RECEIVER", "url": "https://hub/credentials"}]}),
        ocpi({"token": "token-of-the-hub"}),
    )
    sender = partner(session)
    await sender.register("https://hub/versions", "token-a")
    urls = [url for _, url, _, _ in session.sent]
    assert urls == ["https://hub/versions"] * 3 + ["https://hub/2.2.1", "https://hub/credentials"]
    assert sender.token_for_them == "token-of-the-hub"
    assert not any("OCPI-from-party-id" in headers for *_, headers in session.sent)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([ocpi(), ocpi([{"version": "2.1.1", "url": "u"}])], BadContent),
        ([ocpi(), ocpi(status_code=3001)], BadContent),
        ([ocpi(status_code=2000, http=401)], Unavailable),
    ],
)
async def test_a_handshake_that_fails_says_so(answers: Sequence[Reply], error: type[Exception]) -> None:
    with pytest.raises(error):
        await partner(Session(*answers)).register("https://hub/versions", "token-a")


@pytest.mark.parametrize(
    ("number", "text"), [("0.1", b"0.1"), ("1430.08", b"1430.08"), ("-60.81", b"-60.81"), ("7", b"7"), ("7.00", b"7")]
)
def test_decimals_are_written_exactly(number: str, text: bytes) -> None:
    assert dumps({"n": Decimal(number)}) == b'{"n":' + text + b"}"


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="PartyId"):
        dumps({"n": PartyId("GB", "DND")})
