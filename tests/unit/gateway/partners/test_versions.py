from collections.abc import Sequence
from typing import Any, cast

from starlette.routing import Route

from services.gateway.ocpi.versions import V2_2_1, V2_3_0
from services.gateway.partners.versions import offered, spoken


def routes(*paths: str) -> Sequence[Route]:
    return [Route(path, cast(Any, None)) for path in paths]


SERVED = routes(
    "/ocpi/2.2.1/receiver/locations/{country_code}/{party_id}/{object_id}",
    "/ocpi/2.2.1/sender/locations",
    "/ocpi/2.2.1/sender/locations/{object_id}",
    "/ocpi/2.2.1/receiver/cdrs",
    "/ocpi/2.2.1/reports/refusals",
    "/ocpi/2.3.0/credentials",
)


def test_the_endpoints_are_those_that_are_served() -> None:
    found = offered(SERVED, V2_2_1, "https://hub.example")
    assert [(each["identifier"], each["role"], each["url"]) for each in found] == [
        ("credentials", "SENDER", "https://hub.example/ocpi/2.2.1/credentials"),
        ("cdrs", "RECEIVER", "https://hub.example/ocpi/2.2.1/receiver/cdrs"),
        ("locations", "RECEIVER", "https://hub.example/ocpi/2.2.1/receiver/locations"),
        ("locations", "SENDER", "https://hub.example/ocpi/2.2.1/sender/locations"),
    ]


def test_for_a_partner_that_appends_without_a_slash_the_urls_of_modules_have_one() -> None:
    found = offered(SERVED, V2_2_1, "https://hub.example", "/")
    assert [each["url"].rpartition("/")[2] for each in found] == ["credentials", "", "", ""]


def test_a_version_is_spoken_once_it_has_modules() -> None:
    assert spoken(SERVED) == (V2_2_1,)
    assert spoken([*SERVED, *routes("/ocpi/2.3.0/sender/hubclientinfo")]) == (V2_2_1,)
    assert spoken([*SERVED, *routes("/ocpi/2.3.0/receiver/cdrs")]) == (V2_2_1, V2_3_0)
