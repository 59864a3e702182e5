"""The versions of OCPI that the gateway speaks, side by side; each has a package of its own beside this module."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Version:
    """One version of OCPI.

    Attributes:
        number: As the versions endpoint lists it (version_information_endpoint, VersionNumber).
    """

    number: str

    @property
    def name(self) -> str:
        """What tables and events call it, for instance `OCPI-2.2.1`."""
        return f"OCPI-{self.number}"

    @property
    def root(self) -> str:
        """The path that all its endpoints begin with."""
        return f"/ocpi/{self.number}"


V2_2_1: Final = Version("2.2.1")
V2_3_0: Final = Version("2.3.0")
VERSIONS: Final[Mapping[str, Version]] = {each.name: each for each in (V2_2_1, V2_3_0)}
"""By name, the oldest first."""

LATEST: Final = V2_3_0
