"""What one version of OCPI does for one module of objects, so that one pipeline takes what all versions bring."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.gateway.ocpi.documents import Document
from services.gateway.states import Merged, Push, State
from services.gateway.vault import Credential
from services.runtime.events import Event


def _nobody(_content: Mapping[str, Any]) -> Credential | None:
    return None


@dataclass(frozen=True, slots=True)
class ObjectMapping:
    """One module in one version; all of it pure. What is wrong with an object is an OcpiError with 2001.

    Attributes:
        read: Checks a whole object and returns its wire model.
        event: Makes the event of a new state.
        change: Checks what every PATCH must hold, `last_updated` above all; None where nothing is patched.
        merge: Makes a whole object of what we hold (None: nothing) and a push of less than the whole; None where only
            whole objects are pushed.
        parts: Check the parts that are pushed by themselves, from the outermost in: an EVSE, a connector.
        credential: Whose contract a checked object or change is about; None where it says nothing of that.
    """

    read: Callable[[Document], Any]
    event: Callable[[State], Event]
    change: Callable[[Document], Any] | None = None
    merge: Callable[[Push, Document | None], Merged] | None = None
    parts: tuple[Callable[[Document], Any], ...] = ()
    credential: Callable[[Mapping[str, Any]], Credential | None] = _nobody
