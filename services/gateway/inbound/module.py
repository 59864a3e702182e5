"""What differs between the modules of OCPI, for the one pipeline that decides them all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from services.gateway.objects import Verdict
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.states import Merged, Push, State
from services.gateway.vault import Purpose
from services.runtime.events import Event

Merge: TypeAlias = Callable[[Push, Document | None], Merged]


@dataclass(frozen=True, slots=True)
class Module:
    """What differs between the modules; all of it pure.

    Attributes:
        name: Of the OCPI module and its table.
        event: Makes the event of a new state.
        merge: Makes a whole object of what we hold and a push of less than the whole.
        read: Checks a whole stored object, of which only the state of being removed changes.
        receiver: The home-CSP that an object concerns; None where none in particular.
        purpose: What its bodies are sealed as; None where they are not personal.
        immutable: Whether an object never changes.
        by_pseudonym: Whether objects are found by their contract's pseudonym, so that no credential is a key.
    """

    name: str
    event: Callable[[State], Event]
    merge: Merge | None = None
    read: Callable[[Document], Any] | None = None
    receiver: Callable[[Any], str] | None = None
    purpose: Purpose | None = None
    immutable: bool = False
    by_pseudonym: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a push that was understood."""

    verdict: Verdict
    object_id: str = ""


Result: TypeAlias = Outcome | OcpiError
"""An OcpiError is the answer to one push and does not touch the others of its group."""
