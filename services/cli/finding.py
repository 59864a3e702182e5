"""What a check of `roamwatt doctor` found."""

from dataclasses import dataclass
from enum import Enum, auto


class Grade(Enum):
    """How bad it is."""

    GOOD = auto()
    NOTE = auto()
    WRONG = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one subject, and what to do about it."""

    subject: str
    grade: Grade
    detail: str
    advice: str = ""


def good(subject: str, detail: str) -> Finding:
    """All is well."""
    return Finding(subject, Grade.GOOD, detail)


def note(subject: str, detail: str, advice: str = "") -> Finding:
    """Worth knowing."""
    return Finding(subject, Grade.NOTE, detail, advice)


def wrong(subject: str, detail: str, advice: str) -> Finding:
    """Something has to be done."""
    return Finding(subject, Grade.WRONG, detail, advice)
