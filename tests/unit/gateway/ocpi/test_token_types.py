import pytest

from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.token_types import asked_as, token_type
from services.gateway.ocpi.versions import V2_2_1, V2_3_0, Version


@pytest.mark.parametrize("version", [V2_2_1, V2_3_0])
@pytest.mark.parametrize(("named", "found"), [("RFID", "RFID"), ("app_user", "APP_USER"), (None, "RFID")])
def test_types_that_both_versions_have(version: Version, named: str | None, found: str) -> None:
    assert token_type({} if named is None else {"type": named}, version) == found


@pytest.mark.ocpi_rule(26)
@pytest.mark.parametrize("named", ["EMAID", "something new"])
def test_the_newer_versions_list_is_open(named: str) -> None:
    assert token_type({"type": named}, V2_3_0) == named
    with pytest.raises(OcpiError, match=r"^type: must be one of"):
        token_type({"type": named}, V2_2_1)


@pytest.mark.parametrize("named", ["", "a\0b", "x" * 65])
def test_what_is_no_type_in_any_version(named: str) -> None:
    for version in (V2_2_1, V2_3_0):
        with pytest.raises(OcpiError, match=r"^type: "):
            token_type({"type": named}, version)


@pytest.mark.parametrize(
    ("type", "asker", "home", "expected"),
    [
        ("RFID", V2_2_1, V2_3_0, ("RFID",)),
        ("EMAID", V2_3_0, V2_2_1, ("OTHER",)),
        ("EMAID", V2_2_1, V2_3_0, ("EMAID",)),
        ("OTHER", V2_2_1, V2_3_0, ("OTHER", "EMAID")),
        ("OTHER", V2_3_0, V2_3_0, ("OTHER",)),
        ("OTHER", V2_2_1, V2_2_1, ("OTHER",)),
    ],
)
def test_a_home_csp_is_asked_by_the_names_that_an_older_asker_may_mean(
    type: str, asker: Version, home: Version, expected: tuple[str, ...]
) -> None:
    assert asked_as(type, asker, home) == expected
