import pytest

from services.gateway.ocpi.versions import V2_2_1, V2_3_0
from services.gateway.partners.own_credentials import own_credentials
from services.gateway.partners.reachable import Reachable, digest
from services.gateway.settings import OwnSettings

OWN = OwnSettings(party="NL-RWT", name="Hub", public_url="https://hub.example")
SUN = Reachable("FR-SUN", "CPO", "Sun")


@pytest.mark.ocpi_rule(7)
def test_the_hub_reports_itself_alone_in_2_2_1() -> None:
    found = own_credentials(V2_2_1, OWN, "token", [SUN])
    assert (found["token"], found["url"]) == ("token", "https://hub.example/ocpi/versions")
    assert "hub_party_id" not in found
    assert found["roles"] == [
        {"role": "HUB", "business_details": {"name": "Hub"}, "party_id": "RWT", "country_code": "NL"}
    ]


@pytest.mark.ocpi_rule(7)
def test_the_hub_reports_who_is_reachable_in_2_3_0() -> None:
    found = own_credentials(V2_3_0, OWN, "token", [SUN])
    assert found["hub_party_id"] == "NLRWT"
    assert found["roles"] == [
        {"role": "CPO", "business_details": {"name": "Sun"}, "party_id": "SUN", "country_code": "FR"}
    ]


def test_roles_are_never_empty() -> None:
    (role,) = own_credentials(V2_3_0, OWN, "token", [])["roles"]
    assert (role["role"], role["party_id"]) == ("OTHER", "RWT")


def test_a_digest_tells_who_is_reachable() -> None:
    assert digest([]) == ""
    assert digest([SUN]) == digest([Reachable("FR-SUN", "CPO", "Sun")])
    assert len({digest([SUN]), digest([Reachable("FR-SUN", "EMSP", "Sun")]), digest([SUN, SUN])}) == 3
