"""Files of CDRs for tests of what is reported of them."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.clearing.audit.codes import Severities
from services.clearing.audit.facts import AgreementFact, Source
from services.clearing.audit.rules import AuditRules
from services.clearing.reporting.judging import Judged, Terms
from services.clearing.reporting.locations_given import GivenLocations
from services.clearing.reporting.run import Order, Report, run
from services.clearing.reporting.tariffs_given import GivenTariffs
from services.core.money import RoundingMode, RoundingRule

NOW = datetime(2025, 6, 1, tzinfo=UTC)
TARIFF: Mapping[str, Any] = {
    "country_code": "NL",
    "party_id": "CSO",
    "id": "T1",
    "currency": "EUR",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 0.40, "vat": 20, "step_size": 1}]}],
    "last_updated": "2025-01-01T00:00:00Z",
}


def cdr(
    number: int = 1,
    start: str = "2025-03-01T10:00:00Z",
    end: str = "2025-03-01T11:00:00Z",
    kwh: float = 10,
    cost: float | None = None,
    evse: str = "E1",
    card: str = "CARD-1",
    **changes: Any,
) -> dict[str, Any]:
    """A CDR with everything in order: an hour at 10 kWh for 0.40 each."""
    total = kwh * 0.4 if cost is None else cost
    return {
        "country_code": "NL",
        "party_id": "CSO",
        "id": f"C{number}",
        "start_date_time": start,
        "end_date_time": end,
        "session_id": f"S{number}",
        "cdr_token": {"country_code": "DE", "party_id": "CSP", "uid": card, "type": "RFID", "contract_id": "DE-C1"},
        "auth_method": "WHITELIST",
        "cdr_location": {
            "id": "L1",
            "address": "Stationsplein 1",
            "city": "Utrecht",
            "country": "NLD",
            "coordinates": {"latitude": "52.0894", "longitude": "5.1102"},
            "evse_uid": evse,
            "evse_id": f"NL*CSO*{evse}",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2",
            "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE",
        },
        "currency": "EUR",
        "tariffs": [TARIFF],
        "charging_periods": [
            {
                "start_date_time": start,
                "dimensions": [{"type": "ENERGY", "volume": kwh}, {"type": "TIME", "volume": 1}],
                "tariff_id": "T1",
            }
        ],
        "total_cost": {"excl_vat": round(total, 4), "incl_vat": round(total * 1.2, 4)},
        "total_energy": kwh,
        "total_time": 1,
        "last_updated": end,
    } | changes


def written(folder: Path, content: object, name: str = "cdrs.json") -> Path:
    """A file with this as JSON, or with this text."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def terms(
    tariffs: Iterable[Mapping[str, Any]] = (),
    locations: Iterable[Mapping[str, Any]] = (),
    severities: Severities | None = None,
    assumed: str | None = None,
    tolerance: str = "0.01",
) -> Terms:
    """What a file is audited by."""
    given, places = GivenTariffs(), GivenLocations()
    for document in tariffs:
        given.add(json.loads(json.dumps(document), parse_float=Decimal))
    for document in locations:
        places.add(document)
    return Terms(
        AgreementFact.always(Decimal(tolerance), RoundingRule(RoundingMode.HALF_UP, 2), severities or {}),
        AuditRules(),
        given,
        places,
        frozenset({Source.TARIFFS}) if len(given) else frozenset(),
        NOW,
        assumed=assumed,
    )


def audited(folder: Path, content: object, by: Terms | None = None, **order: Any) -> tuple[Report, list[Judged]]:
    """What came out, in all and of each row."""
    rows: list[Judged] = []
    report = run(Order(written(folder, content), work_folder=folder, **order), by or terms(), rows.append)
    return report, rows


def codes(judged: Judged) -> set[str]:
    """What was found in a row."""
    return {finding.code.value for finding in judged.findings}
