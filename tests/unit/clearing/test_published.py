import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from schemas.models.gateway import Connector, Evse, LocationPublished, PriceComponent, TariffElement, TariffPublished
from services.clearing.published import location_row, power_kw, power_of, tariff_of, tariff_row
from tests.unit.clearing.samples import CSO, END, START


def connector(**changes: Any) -> Connector:
    values: dict[str, Any] = {
        "id": "A",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "tariff_ids": [],
    }
    return Connector(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "power"),
    [
        ({}, "22.08"),
        ({"max_electric_power": 11000}, "11"),
        ({"power_type": "AC_1_PHASE"}, "7.36"),
        ({"power_type": "DC", "max_voltage": 400, "max_amperage": 125}, "50"),
        ({"power_type": "MAGIC"}, None),
        ({"max_amperage": 0}, None),
    ],
)
def test_power_of_a_connector(changes: dict[str, Any], power: str | None) -> None:
    assert power_kw(connector(**changes)) == (None if power is None else Decimal(power))


def test_a_location_keeps_its_zone_and_powers() -> None:
    connectors = [connector(), connector(id="B", max_amperage=0)]
    value = LocationPublished(
        event_id=UUID(int=1), occurred_at=END, version=2, owner=CSO, location_id="Loc", audience="", removed=False,
        publish=True, address="a", city="c", country="BEL", latitude="1", longitude="2", time_zone="Europe/Brussels",
        evses=[Evse(uid="E1", status="AVAILABLE", capabilities=[], connectors=connectors)],
        last_updated=END,
    )  # fmt: skip
    row = location_row(value)
    assert row["location_key"] == "loc"
    assert row["power_kw"] == {"e1|a": Decimal("22.08")}
    assert power_of("22.08") == Decimal("22.08")
    assert power_of(None) is None


def test_a_tariff_survives_the_table() -> None:
    energy = PriceComponent(component_type="ENERGY", price=Decimal("0.25"), vat_percent=None, step_size=1)
    value = TariffPublished(
        event_id=UUID(int=1), occurred_at=END, version=2, owner=CSO, tariff_id="T1", audience="", removed=False,
        currency="EUR", elements=[TariffElement(components=[energy], restrictions=[])], max_price_incl_tax=Decimal(9),
        valid_from=START, last_updated=START - timedelta(days=1),
    )  # fmt: skip
    tariff = tariff_of(json.loads(tariff_row(value)["content"]))
    assert (tariff.tariff_id, tariff.version, tariff.limited, tariff.restricted) == ("T1", 2, True, False)
    assert (tariff.valid_from, tariff.valid_until) == (START, None)
    assert [(each.component_type, each.price, each.vat_percent) for each in tariff.elements[0].components] == [
        ("ENERGY", Decimal("0.25"), None)
    ]
    assert not tariff.elements[0].components[0].tax_inside


def test_a_published_tariff_may_have_a_tax_of_unknown_rate_in_its_prices() -> None:
    energy = PriceComponent(component_type="ENERGY", price=Decimal("0.25"), vat_percent=None, step_size=1)
    value = TariffPublished(
        event_id=UUID(int=1), occurred_at=END, version=2, owner=CSO, tariff_id="T1", audience="", removed=False,
        currency="CAD", elements=[TariffElement(components=[energy], restrictions=[])], tax_included="YES",
        last_updated=START,
    )  # fmt: skip
    assert tariff_of(json.loads(tariff_row(value)["content"])).elements[0].components[0].tax_inside
    known = energy.model_copy(update={"vat_percent": Decimal(5)})
    taken_out = value.model_copy(update={"elements": [TariffElement(components=[known], restrictions=[])]})
    assert not tariff_of(json.loads(tariff_row(taken_out)["content"])).elements[0].components[0].tax_inside
    stored_before = json.loads(tariff_row(value)["content"])
    del stored_before["tax_included"]
    assert not tariff_of(stored_before).elements[0].components[0].tax_inside
