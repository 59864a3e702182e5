"""Facts and CDRs that tests vary."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from schemas.models.gateway import (
    CdrDimension,
    CdrLocation,
    CdrPeriod,
    CdrPriceComponent,
    CdrSubmitted,
    CdrTariff,
    CdrTariffElement,
    CdrTariffRestriction,
)
from services.clearing.audit.facts import AgreementFact, Facts, LocationFact, SessionFact
from services.core.money import RoundingMode, RoundingRule

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
END = START + timedelta(hours=2)
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CSO, CSP = "BE-BEC", "NL-TNM"
CENTS = RoundingRule(RoundingMode.HALF_UP, 2)

PER_KWH = ("ENERGY", "0.25", "10", "1")


def tariff(*components: tuple[str, str, str | None, str], **changes: Any) -> CdrTariff:
    """A tariff of one element; each component is type, price, tax in percent, step size."""
    restrictions = changes.pop("restrictions", [])
    priced = [
        CdrPriceComponent(component_type=kind, price=price, vat_percent=vat, step_size=step)
        for kind, price, vat, step in components or (PER_KWH,)
    ]
    values: dict[str, Any] = {
        "tariff_id": "T1",
        "currency": "EUR",
        "elements": [CdrTariffElement(components=priced, restrictions=restrictions)],
        "last_updated": START - timedelta(days=9),
    }
    return CdrTariff(**(values | changes))


def restriction(name: str, value: str) -> CdrTariffRestriction:
    return CdrTariffRestriction(name=name, value=value)


def period(volumes: Mapping[str, str], tariff_id: str | None = None, started_at: datetime = START) -> CdrPeriod:
    dimensions = [CdrDimension(dimension_type=kind, volume=volume) for kind, volume in volumes.items()]
    return CdrPeriod(started_at=started_at, tariff_id=tariff_id, dimensions=dimensions)


def place(**changes: Any) -> CdrLocation:
    values: dict[str, Any] = {
        "location_id": "L1",
        "name": "Gent Zuid",
        "address": "F.Rooseveltlaan 3A",
        "city": "Gent",
        "postal_code": "9000",
        "country": "BEL",
        "latitude": "51.047599",
        "longitude": "3.729944",
        "evse_uid": "E1",
        "evse_id": "BE*BEC*E041503001",
        "connector_id": "1",
        "connector_standard": "IEC_62196_T2",
        "connector_format": "SOCKET",
        "power_type": "AC_3_PHASE",
    }
    return CdrLocation(**(values | changes))


def cdr(**changes: Any) -> CdrSubmitted:
    """A CDR of 20 kWh in two hours at 0.25 a kWh and 10 % tax: 5.00 without tax, 5.50 with it."""
    values: dict[str, Any] = {
        "event_id": UUID(int=1),
        "occurred_at": END,
        "version": 1,
        "visited_cso": CSO,
        "home_csp": CSP,
        "cdr_id": "C1",
        "session_id": "S1",
        "authorization_reference": None,
        "auth_method": "WHITELIST",
        "pseudonym": "p-1",
        "credential_type": "RFID",
        "started_at": START,
        "ended_at": END,
        "location": place(),
        "currency": "EUR",
        "tariffs": [tariff()],
        "periods": [period({"ENERGY": "20", "TIME": "2"}, "T1")],
        "total_cost_excl_tax": "5.00",
        "total_cost_incl_tax": "5.50",
        "total_energy": "20",
        "total_time": "2",
        "total_energy_cost_excl_tax": "5.00",
        "credit": False,
        "last_updated": END,
        "protocol": "OCPI-2.2.1",
        "sealed": b"sealed",
    }
    return CdrSubmitted(**(values | changes))


def agreement(**changes: Any) -> AgreementFact:
    values: dict[str, Any] = {
        "agreement_id": "A1",
        "version": 3,
        "total_tolerance": Decimal("0.01"),
        "rounding": CENTS,
        "valid_from": START - timedelta(days=30),
        "valid_until": None,
    }
    return AgreementFact(**(values | changes))


def session(**changes: Any) -> SessionFact:
    values: dict[str, Any] = {
        "session_id": "S1",
        "version": 4,
        "home_csp": CSP,
        "pseudonym": "p-1",
        "state": "COMPLETED",
        "started_at": START,
        "ended_at": END,
        "kwh": Decimal(20),
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "1",
        "currency": "EUR",
    }
    return SessionFact(**(values | changes))


def location(**changes: Any) -> LocationFact:
    values: dict[str, Any] = {
        "location_id": "L1",
        "version": 2,
        "time_zone": "Europe/Brussels",
        "power_kw": Decimal(22),
    }
    return LocationFact(**(values | changes))


def facts(**changes: Any) -> Facts:
    """All facts of the sample CDR."""
    agreements: Sequence[AgreementFact] = [agreement()]
    values: dict[str, Any] = {"agreements": agreements, "session": session(), "location": location()}
    return Facts(**(values | changes))
