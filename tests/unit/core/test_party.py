import pytest

from services.core.errors import BadContent
from services.core.party import PartyId, pair_key


def test_parse_and_print_are_inverse_and_ignore_case() -> None:
    assert PartyId.parse("nl-tnm") == PartyId("NL", "TNM") == PartyId.of("Nl", "tNm")
    assert str(PartyId.parse("be-b3c")) == "BE-B3C"


@pytest.mark.parametrize("text", ["", "NL", "NLTNM", "NL-TN", "NL-TNMX", "N1-TNM", "NL-T M", "NL-TNM-", "ıL-TNM"])
def test_refuses(text: str) -> None:
    with pytest.raises(BadContent):
        PartyId.parse(text)


def test_pair_key_names_the_cso_first() -> None:
    assert pair_key(PartyId("NL", "TNM"), "BE-BEC") == "NL-TNM|BE-BEC"
