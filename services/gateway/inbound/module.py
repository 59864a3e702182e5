"""What differs between the modules of OCPI in every version, for the one pipeline that decides them all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from services.gateway.objects import Verdict
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.settings import InboundSettings
from services.gateway.vault import Purpose

_LIMITS: Final = InboundSettings()


def _anything(_content: Mapping[str, Any]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Module:
    """What differs between the modules; all of it pure. What differs between versions is in `ObjectMapping`.

    Attributes:
        name: Of the OCPI module and its table.
        bounds: Checks the size of an object that grew by a push of less than the whole.
        receiver: The home-CSP that an object concerns; None where none in particular.
        purpose: What its bodies are sealed as; None where they are not personal.
        immutable: Whether an object never changes.
        by_pseudonym: Whether objects are found by their contract's pseudonym, so that no credential is a key.
        with_evses: Whether states of EVSEs are kept beside the objects.
        limits: Bounds of what is worked out to make an event.
    """

    name: str
    bounds: Callable[[Mapping[str, Any]], None] = _anything
    receiver: Callable[[Any], str] | None = None
    purpose: Purpose | None = None
    immutable: bool = False
    by_pseudonym: bool = False
    with_evses: bool = False
    limits: InboundSettings = _LIMITS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a push that was understood."""

    verdict: Verdict
    object_id: str = ""


Result: TypeAlias = Outcome | OcpiError
"""An OcpiError is the answer to one push and does not touch the others of its group."""
