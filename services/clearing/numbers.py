"""The sender's numbers, written as text, as exact decimals that topics and tables can hold."""

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from services.core.money import OutOfRange, quantize8

_FORM: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,6})?")
_MAX_CHARACTERS: Final = 100
_SHORT_CHARACTERS: Final = 10


def read(text: str) -> Decimal | None:
    """Return the number with eight digits after the point, or None when decimal(28,8) cannot hold it.

    Further digits are rounded away half to even: senders that compute in binary write 4.3999999999999995 and mean
    4.4, and OCPI itself has four decimals; the audit makes the finding NUMBER_OVER_PRECISE of it. What does not fit
    before the point, or is no number, is None; the audit makes the finding NUMBER_OUT_OF_RANGE of it.
    """
    if len(text) > _MAX_CHARACTERS or _FORM.fullmatch(text) is None:
        return None
    try:
        return quantize8(Decimal(text))
    except (OutOfRange, InvalidOperation):
        return None


def is_rounded(text: str, number: Decimal) -> bool:
    """Say whether `read` rounded this text to this number; of a short one without an exponent it has nothing to."""
    return (len(text) > _SHORT_CHARACTERS or "e" in text.casefold()) and Decimal(text) != number
