import pytest

from services.gateway.conversations.response_urls import UrlRules, check_response_url
from services.gateway.ocpi.envelope import OcpiError

RULES = UrlRules(max_characters=255, own="https://hub.example", anywhere=True)
REGISTERED = ("https://10.0.0.7:8443/ocpi/tokens", "https://emsp.example/ocpi/2.2.1/commands")


def check(value: object, rules: UrlRules = RULES) -> str:
    return check_response_url(value, REGISTERED, rules)


@pytest.mark.parametrize(
    "url",
    [
        "https://emsp.example/commands/START_SESSION/1234",
        "https://results.example.com:9443/x?request_id=5678&y=%2F#z",
        "HTTPS://Results.Example.COM/x",
        "https://10.0.0.7:8443/any/path",
        "https://8.8.8.8/x",
        "https://[2606:4700::1111]/x",
    ],
)
def test_the_asker_chooses_and_the_url_stays_as_it_is(url: str) -> None:
    assert check(url) == url


@pytest.mark.ocpi_rule(22)
@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "http://emsp.example/x",
        "ftp://emsp.example/x",
        "//emsp.example/x",
        "https://",
        "https:///x",
        "https://emsp.example:99999/x",
        "https://user:secret@emsp.example/x",
        "https://emsp.example\\@10.0.0.1/x",
        "https://emsp.example/x\r\nX-Evil: 1",
        "https://emsp.example/ä",
        "https://emsp.example/" + "x" * 255,
    ],
)
def test_what_is_no_https_url_is_refused(url: object) -> None:
    with pytest.raises(OcpiError, match="response_url:") as caught:
        check(url)
    assert caught.value.status == 2001
    assert "emsp" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost.",
        "db.localhost",
        "postgres",
        "kafka.internal",
        "printer.local",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "10.0.0.7",
        "10.0.0.7:8444",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[fd00::1]",
        "[fe80::1]",
    ],
)
def test_nothing_leads_into_the_platforms_own_network(host: str) -> None:
    with pytest.raises(OcpiError, match="neither is a public name"):
        check(f"https://{host}/x")


@pytest.mark.parametrize("url", ["https://hub.example/ocpi/2.2.1/sender/commands/results/k", "https://HUB.example:443"])
def test_results_do_not_come_back_to_the_platform(url: str) -> None:
    with pytest.raises(OcpiError, match="of this platform"):
        check(url)


def test_an_operator_may_allow_registered_addresses_alone() -> None:
    strict = UrlRules(255, "https://hub.example", anywhere=False)
    assert check("https://emsp.example/x", strict)
    with pytest.raises(OcpiError, match="none of the addresses"):
        check("https://results.example.com/x", strict)
