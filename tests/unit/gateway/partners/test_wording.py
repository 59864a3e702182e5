import pytest

from services.gateway.partners.options import DEFAULT, checked
from services.gateway.partners.wording import addressed, cased, owned, worded

SLASHED = checked({"trailing_slash": True})
LOWER = checked({"party_id_case": "LOWER"})
BODY = (
    b'{"country_code":"NL", "party_id" : "TNM","name":"party_id","cdr_token":{"country_code":"DE","party_id":"ABC"},'
    b'"last_updated":"2026-01-02T03:04:05Z","start":"2026-01-02T03:04:05.125","end":"2026-01-02T03:04:05+02:00",'
    b'"signed":"{\\"country_code\\":\\"NL\\",\\"at\\":\\"2026-01-02T03:04:05Z\\"}","kwh":1.10}'
)


def test_by_default_not_a_byte_changes() -> None:
    assert worded(BODY, DEFAULT) is BODY
    assert worded(BODY, SLASHED) is BODY


def test_party_ids_in_lower_case_wherever_they_stand() -> None:
    found = worded(BODY, LOWER)
    assert b'{"country_code":"nl", "party_id" : "tnm","name":"party_id"' in found
    assert b'"cdr_token":{"country_code":"de","party_id":"abc"}' in found
    assert found[found.index(b'"last_updated"') :] == BODY[BODY.index(b'"last_updated"') :]


@pytest.mark.parametrize(("form", "ending"), [("WITHOUT_ZONE", b""), ("OFFSET", b"+00:00")])
def test_dates_in_another_form_name_the_same_time(form: str, ending: bytes) -> None:
    found = worded(BODY, checked({"dates": form}))
    assert b'"last_updated":"2026-01-02T03:04:05' + ending + b'"' in found
    assert b'"start":"2026-01-02T03:04:05.125' + ending + b'"' in found
    assert b'"end":"2026-01-02T01:04:05' + ending + b'"' in found
    # What another string quotes is signed, perhaps.
    assert b'\\"at\\":\\"2026-01-02T03:04:05Z\\"' in found
    assert found.endswith(b'"kwh":1.10}')


def test_a_date_that_does_not_exist_stays() -> None:
    body = b'{"at":"0001-01-01T00:00:00+14:00"}'
    assert worded(body, checked({"dates": "OFFSET"})) == body


def test_urls_and_paths() -> None:
    assert addressed("https://x/tokens/1/authorize?type=RFID", DEFAULT) == "https://x/tokens/1/authorize?type=RFID"
    assert addressed("https://x/tokens/1/authorize?type=RFID", SLASHED) == "https://x/tokens/1/authorize/?type=RFID"
    assert addressed("https://x/cdrs/", SLASHED) == "https://x/cdrs/"
    assert owned("FR/SUN/LOC1", "FR-SUN", DEFAULT) == "FR/SUN/LOC1"
    assert owned("FR/SUN/LOC1", "FR-SUN", LOWER) == "fr/sun/LOC1"
    assert owned("FR/SUN", "FR-SUN", LOWER) == "fr/sun"
    assert owned("FR/SUNNY", "FR-SUN", LOWER) == "FR/SUNNY"
    assert owned("", "FR-SUN", LOWER) == ""
    assert (cased("FR-SUN", DEFAULT), cased("FR-SUN", LOWER)) == ("FR-SUN", "fr-sun")
