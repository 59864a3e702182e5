"""What examples are made of."""

from dataclasses import dataclass
from typing import Any, Final

Document = dict[str, Any]

DATE: Final = "2026-04-02T07:30:00Z"
OWNER: Final = {"country_code": "IT", "party_id": "LUM"}
ISSUER: Final = {"country_code": "PT", "party_id": "VIA"}


@dataclass(frozen=True, slots=True)
class Example:
    """One example.

    Attributes:
        kind: What it is: a module of objects, a part or a change of one, a class inside one, an answer.
        document: As parsed from JSON.
        error: What is wrong with it where the text's own breaks a rule of the text, as our error says it.
    """

    kind: str
    document: Any
    error: str = ""


def change(**fields: Any) -> Document:
    return {**fields, "last_updated": "2026-04-03T18:00:00Z"}


def without(document: Document, *names: str) -> Document:
    return {name: value for name, value in document.items() if name not in names}
