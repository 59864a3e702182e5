"""The events that clearing is measured with: an agreement, sessions, and CDRs that agree with them to the cent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from schemas.models.gateway import (
    CdrDimension,
    CdrLocation,
    CdrPeriod,
    CdrPriceComponent,
    CdrSubmitted,
    CdrTariff,
    CdrTariffElement,
)
from schemas.models.registry import AgreementConcluded
from schemas.models.sessions import SessionTracked

PARTY_PAIR: Final = ("GB-BNC", "GB-BNP")
END: Final = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
START: Final = END - timedelta(hours=1)
"""Just over: the CDRs of sessions long past would be missed first, and that would be said too."""
PERIODS: Final = 6
SEALED: Final = bytes(5_000)
"""As many bytes as the sealed body of a CDR has."""

_AGREEMENT, _SESSION, _CDR = (UUID(int=each << 64) for each in (1, 2, 3))


def agreement() -> AgreementConcluded:
    """The agreement of the two parties."""
    cso, csp = PARTY_PAIR
    return AgreementConcluded(
        event_id=_AGREEMENT,
        occurred_at=START,
        agreement_id="A1",
        version=1,
        status="ACTIVE",
        visited_cso=cso,
        home_csp=csp,
        mode="CLEARING_HOUSE",
        services=["CHARGING"],
        decide_when_unreachable=False,
        trust_whitelist=True,
        total_tolerance=Decimal("0.01"),
        rounding_mode="HALF_UP",
        rounding_digits=2,
        valid_from=START - timedelta(days=30),
    )


def session(number: int) -> SessionTracked:
    """The session of the CDR with this number, over."""
    cso, csp = PARTY_PAIR
    return SessionTracked(
        event_id=UUID(int=_SESSION.int + number),
        occurred_at=END,
        version=1,
        source_version=1,
        visited_cso=cso,
        home_csp=csp,
        session_id=f"S{number}",
        pseudonym=f"pseudonym-{number}",
        state="COMPLETED",
        started_at=START,
        ended_at=END,
        kwh=Decimal(12),
        location_id="L1",
        evse_uid=f"E{number}",
        connector_id="1",
        currency="EUR",
        anomaly_codes=[],
        last_updated=END,
    )


def cdr(number: int) -> CdrSubmitted:
    """A CDR of 12 kWh at 0.25 and 20 percent."""
    cso, csp = PARTY_PAIR
    return CdrSubmitted(
        event_id=UUID(int=_CDR.int + number),
        occurred_at=END,
        version=1,
        visited_cso=cso,
        home_csp=csp,
        cdr_id=f"C{number}",
        session_id=f"S{number}",
        auth_method="WHITELIST",
        pseudonym=f"pseudonym-{number}",
        credential_type="RFID",
        started_at=START,
        ended_at=END,
        location=_place(number),
        currency="EUR",
        tariffs=[_TARIFF],
        periods=_PERIODS,
        total_cost_excl_tax="3.00",
        total_cost_incl_tax="3.60",
        total_energy="12",
        total_time="1",
        total_energy_cost_excl_tax="3.00",
        credit=False,
        last_updated=END,
        protocol="OCPI-2.2.1",
        sealed=SEALED,
    )


def _place(number: int) -> CdrLocation:
    return CdrLocation(
        location_id="L1",
        name="Bench",
        address="Bench 1",
        city="Bench",
        country="GBR",
        latitude="56.462018",
        longitude="-2.970721",
        evse_uid=f"E{number}",
        evse_id=f"GB*BNC*E{number}",
        connector_id="1",
        connector_standard="IEC_62196_T2",
        connector_format="SOCKET",
        power_type="AC_3_PHASE",
    )


_TARIFF = CdrTariff(
    tariff_id="T1",
    currency="EUR",
    elements=[
        CdrTariffElement(
            components=[CdrPriceComponent(component_type="ENERGY", price="0.25", vat_percent="20", step_size="1")],
            restrictions=[],
        )
    ],
    last_updated=START - timedelta(days=9),
)
_PERIODS = [
    CdrPeriod(
        started_at=START + timedelta(minutes=10 * number),
        tariff_id="T1",
        dimensions=[CdrDimension(dimension_type="ENERGY", volume="2")],
    )
    for number in range(PERIODS)
]
