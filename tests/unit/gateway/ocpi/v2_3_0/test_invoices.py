from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.models.gateway import InvoicePublished
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.v2_3_0.invoices import MAPPING
from services.gateway.states import State
from tests.unit.gateway.samples_2_3_0 import invoice

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {"cdrs": ["C" * 36]},
        # A credit CDR's id may have 39 characters, which is more than this module's own description has.
        {"cdrs": ["C" * 39]},
        {"invoice_id": "x" * 255},
        {"x_of_mine": {"any": 1}},
    ],
)
def test_what_is_taken(fields: dict[str, Any]) -> None:
    assert MAPPING.read(invoice(**fields))["id"] == "R1"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"cdrs": []}, "cdrs"),
        ({"cdrs": None}, "cdrs"),
        ({"cdrs": ["C" * 40]}, "cdrs[0]"),
        ({"cdrs": [7]}, "cdrs[0]"),
        ({"invoice_id": ""}, "invoice_id"),
        ({"invoice_id": "x" * 256}, "invoice_id"),
        ({"id": "x" * 37}, "id"),
        ({"last_updated": "yesterday"}, "last_updated"),
    ],
)
def test_what_is_not(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(OcpiError) as caught:
        MAPPING.read(invoice(**fields))
    assert (caught.value.status, str(caught.value).split(": ")[0]) == (2001, named)


def test_the_event_says_whose_invoice_covers_what() -> None:
    found = MAPPING.read(invoice(cdrs=["CDR1", "CDR2"]))
    state = State("FR-SUN", "R1", "NL-CSP", "", 2, True, NOW, found, "", b"", "c", "OCPI-2.3.0", b"{}")
    event = MAPPING.event(state)
    assert (event.topic, event.key) == ("invoice.published", "FR-SUN|R1|NL-CSP")
    value = event.value
    assert isinstance(value, InvoicePublished)
    assert (value.issuer, value.receiver, value.record_id, value.version) == ("FR-SUN", "NL-CSP", "R1", 2)
    assert (value.invoice_id, value.cdr_ids, value.removed) == ("2026/03 0017", ["CDR1", "CDR2"], True)
    assert (value.protocol, value.document) == ("OCPI-2.3.0", b"{}")


def test_nothing_of_it_is_patched() -> None:
    assert MAPPING.change is None
    assert MAPPING.merge is None
