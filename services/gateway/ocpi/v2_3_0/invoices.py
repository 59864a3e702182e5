"""Invoice reconciliation records: which CDRs an invoice covers (2.3.0, mod_invoice_reconciliation)."""

from functools import partial
from typing import Annotated, Final, TypeAlias

from pydantic import Strict, StringConstraints, TypeAdapter
from typing_extensions import TypedDict

from schemas.models.gateway import InvoicePublished
from services.gateway.ocpi.common.events import event
from services.gateway.ocpi.mapping import ObjectMapping
from services.gateway.ocpi.types import Country, DateTime, Id36, Id39, Party, Some, check
from services.gateway.states import State
from services.runtime.events import Event

InvoiceId: TypeAlias = Annotated[
    str, Strict(), StringConstraints(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")
]


class Record(TypedDict):
    """mod_invoice_reconciliation, InvoiceReconciliationRecord object.

    The text gives the ids of CDRs 36 characters, and those of credit CDRs 39 (mod_cdrs, CDR object): either is taken.
    """

    country_code: Country
    party_id: Party
    id: Id36
    invoice_id: InvoiceId
    cdrs: Some[Id39]
    last_updated: DateTime


RECORD: Final = TypeAdapter(Record)


def invoice_event(state: State) -> Event:
    """Return `invoice.published`."""
    found = state.wire
    fields = {
        "issuer": state.owner,
        "receiver": state.audience,
        "record_id": state.object_id,
        "invoice_id": found["invoice_id"],
        "cdr_ids": found["cdrs"],
        "removed": state.removed,
        "last_updated": state.last_updated,
    }
    key = f"{state.owner}|{state.object_id}|{state.audience}"
    return event("invoice.published", InvoicePublished, state, fields, key, distinct=state.audience)


MAPPING: Final = ObjectMapping(read=partial(check, RECORD), event=invoice_event)
