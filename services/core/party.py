"""Party ids: who a roaming entity is."""

import re
from dataclasses import dataclass
from typing import Final, Self

from services.core.errors import BadContent

_FORM: Final = re.compile(r"([A-Z]{2})-([A-Z0-9]{3})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class PartyId:
    """A roaming entity, upper case: OCPI compares both parts without case.

    Attributes:
        country_code: ISO 3166-1 alpha-2 code of the country it operates in.
        party_id: Three letters or digits, after ISO 15118.
    """

    country_code: str
    party_id: str

    def __post_init__(self) -> None:
        if _FORM.fullmatch(f"{self.country_code}-{self.party_id}") is None:
            raise BadContent("a party id is two letters and three letters or digits, such as NL-TNM")

    @classmethod
    def of(cls, country_code: str, party_id: str) -> Self:
        """Return the party of two parts in any case.

        Raises:
            BadContent: when they are no such parts.
        """
        if not (country_code + party_id).isascii():
            raise BadContent("a party id has no letters beyond A to Z")
        return cls(country_code.upper(), party_id.upper())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the party that `NL-TNM`, in any case, names.

        Raises:
            BadContent: when it names none.
        """
        country_code, _, party_id = text.partition("-")
        return cls.of(country_code, party_id)

    def __str__(self) -> str:
        return f"{self.country_code}-{self.party_id}"


def pair_key(visited_cso: PartyId | str, home_csp: PartyId | str) -> str:
    """Return the key of what exists once for two parties (agreement, account pair): `CSO|CSP`."""
    return f"{visited_cso}|{home_csp}"
