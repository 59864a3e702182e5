"""What one partner's system needs otherwise than the text has it: its quirks, and the bounds of what it may ask of us.

Each has a name and a default; a partner without settings of its own has the defaults, and no quirk of one partner
touches another.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict


class PartnerOptions(BaseModel):
    """The settings of one partner's platform."""

    model_config = ConfigDict(frozen=True, extra="forbid")


DEFAULT: Final = PartnerOptions()
