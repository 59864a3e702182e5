"""Numbers in sentences."""

from decimal import Decimal
from typing import Final

from services.core.money import EXACT, plain

_SHOWN: Final = Decimal("1E-8")


def figure(value: Decimal | None) -> str:
    """Return a number without an exponent, trailing zeros and digits that nobody reads."""
    if value is None:
        return "unknown"
    text = plain(value.quantize(_SHOWN, context=EXACT))
    return text.rstrip("0").rstrip(".") if "." in text else text
