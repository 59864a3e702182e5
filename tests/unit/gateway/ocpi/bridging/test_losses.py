"""The guide's table of what bridging cannot carry, row by row: what is sent, and what arrives of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

import services.gateway
from services.gateway.ocpi.bridging import convert
from services.gateway.ocpi.versions import V2_2_1, V2_3_0
from tests.unit.gateway import samples
from tests.unit.gateway import samples_2_3_0 as newer

GUIDE: Final = Path(services.gateway.__file__).parent / "README.md"
UNRATED: Final = [{"price_components": [{"type": "TIME", "price": 2, "step_size": 1}]}]
RATED: Final = [{"price_components": [{"type": "TIME", "price": 12, "vat": 20, "step_size": 1}]}]
BEFORE_TAX: Final = [{"price_components": [{"type": "TIME", "price": 10, "vat": 20, "step_size": 1}]}]
LIMITS: Final = {"min_price": {"before_taxes": 1, "after_taxes": 2}, "max_price": {"before_taxes": 9}}


def located(**evse: Any) -> dict[str, Any]:
    return newer.location(evses=[newer.evse(**evse)])


def plugged(*standards: str) -> dict[str, Any]:
    return located(connectors=[samples.connector(standard=each) for each in standards])


def evse(document: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["evses"][0]
    return found


def no_tax(document: Mapping[str, Any]) -> bool:
    return "tax_included" not in document


# Of each row: the module, what is sent, and whether what arrives is as the table says.
DOWN: Final[Mapping[str, tuple[str, dict[str, Any], Any]]] = {
    "several taxes, their names, percentages and account numbers": (
        "sessions",
        newer.session(total_cost=newer.price(4, 1, 2)),
        lambda found: found["total_cost"] == {"excl_vat": 4, "incl_vat": 7},
    ),
    "whether `tax_included` is `NO` or `N/A`": (
        "tariffs",
        newer.tariff(tax_included="N/A", elements=UNRATED),
        lambda found: no_tax(found) and found["elements"] == UNRATED,
    ),
    "that prices were stated with taxes, where `vat` tells their rate": (
        "tariffs",
        newer.tariff(tax_included="YES", elements=RATED),
        lambda found: no_tax(found) and found["elements"] == BEFORE_TAX,
    ),
    "that prices are with taxes, where no `vat` tells a rate": (
        "tariffs",
        newer.tariff(tax_included="YES", elements=UNRATED, **LIMITS),
        lambda found: (
            no_tax(found)
            and found["elements"] == UNRATED
            and found["min_price"] == {"excl_vat": 2, "incl_vat": 2}
            and "max_price" not in found
        ),
    ),
    "token types other than `AD_HOC_USER`, `APP_USER`, `OTHER`, `RFID` (`EMAID`)": (
        "tokens",
        newer.token(type="EMAID"),
        lambda found: found["type"] == convert("tokens", found, V2_2_1, V2_3_0)["type"] == "OTHER",
    ),
    "parking places and which EVSE they belong to": (
        "locations",
        newer.location(parking_places=[newer.parking(vehicle_types=["MOTORCYCLE"])]),
        lambda found: (
            "parking_places" not in found
            and "parking" not in evse(found)
            and evse(found)["parking_restrictions"] == ["MOTORCYCLES"]
        ),
    ),
    "parking restrictions `EMPLOYEES`, `TAXIS`, `TENANTS`": (
        "locations",
        located(parking_restrictions=["EMPLOYEES", "TAXIS", "TENANTS"]),
        lambda found: evse(found)["parking_restrictions"] == ["CUSTOMERS"],
    ),
    "capabilities of a connector (Plug and Charge)": (
        "locations",
        located(),
        lambda found: "capabilities" not in evse(found)["connectors"][0],
    ),
    "connector type `SAE_J3400`": (
        "locations",
        plugged("SAE_J3400"),
        lambda found: evse(found)["connectors"][0]["standard"] == "TESLA_S",
    ),
    "other connector types that 2.2.1 lacks (`MCS`)": (
        "locations",
        plugged("MCS"),
        lambda found: found["evses"] == [],
    ),
    "other capabilities, facilities, parking types and restrictions, impacts on the environment": (
        "locations",
        located(capabilities=["SINGING"], parking_restrictions=["POETS"])
        | {
            "facilities": ["OPERA"],
            "parking_type": "CLOUD",
            "energy_mix": {"is_green_energy": True, "environ_impact": [{"category": "NOISE", "amount": 1}]},
        },
        lambda found: (
            evse(found)["capabilities"]
            == evse(found)["parking_restrictions"]
            == found["facilities"]
            == found["energy_mix"]["environ_impact"]
            == []
            and "parking_type" not in found
        ),
    ),
    "other categories of images": (
        "locations",
        newer.location(images=[{"url": "https://sun.example/1", "category": "MASCOT", "type": "png"}]),
        lambda found: found["images"][0]["category"] == "OTHER",
    ),
    "`help_phone`, `accepted_service_providers`": (
        "locations",
        newer.location(),
        lambda found: "help_phone" not in found and "accepted_service_providers" not in evse(found),
    ),
}
UP: Final[Mapping[str, tuple[str, dict[str, Any], Any]]] = {
    "that a component without `vat` is one without VAT": (
        "tariffs",
        samples.tariff(elements=UNRATED),
        lambda found: found["tax_included"] == "NO" and found["elements"] == UNRATED,
    ),
    "the role `HUB` in hubclientinfo": ("hubclientinfo", {"role": "HUB"}, lambda found: found == {"role": "OTHER"}),
}


@pytest.mark.parametrize("row", list(DOWN))
def test_what_a_partner_on_2_2_1_does_not_get(row: str) -> None:
    module, sent, is_as_told = DOWN[row]
    found = convert(module, samples.parsed(sent), V2_3_0, V2_2_1)
    assert is_as_told(found), found


@pytest.mark.parametrize("row", list(UP))
def test_what_a_partner_on_2_3_0_does_not_get(row: str) -> None:
    module, sent, is_as_told = UP[row]
    found = convert(module, samples.parsed(sent), V2_2_1, V2_3_0)
    assert is_as_told(found), found


def test_the_guide_has_just_these_rows() -> None:
    table = GUIDE.read_text(encoding="utf-8").partition("<!-- losses -->")[2].partition("<!-- /losses -->")[0]
    rows = [line.split("|")[1:3] for line in table.strip().splitlines()[2:]]
    told = {(way.strip(), what.strip()) for way, what in rows}
    assert told == {("2.3.0 to 2.2.1", row) for row in DOWN} | {("2.2.1 to 2.3.0", row) for row in UP}
