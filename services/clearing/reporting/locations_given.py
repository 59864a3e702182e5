"""The locations that an audit is given: time zones, and what a connector can deliver."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from services.clearing.audit.claims import Claim, same
from services.clearing.audit.facts import LocationFact
from services.clearing.powers import connector_power_kw
from services.clearing.rating.restrictions import number
from services.clearing.reporting.documents_given import documents
from services.clearing.reporting.problems import Problems
from services.clearing.reporting.rows import Document, Row
from services.clearing.reporting.tariffs_given import owner_of

_NUMBERS: Final = ("max_electric_power", "max_voltage", "max_amperage")


@dataclass(frozen=True, slots=True)
class _Place:
    time_zone: str | None
    powers: Mapping[tuple[str, str], Decimal]


class GivenLocations:
    """Locations by their owner and id; one that names no owner is anybody's.

    Attributes:
        time_zone: Of locations that are not given, or do not say theirs.
    """

    def __init__(self, time_zone: str | None = None) -> None:
        self.time_zone = time_zone
        self.problems: Final = Problems()
        self._places: dict[tuple[str, str], _Place] = {}

    @classmethod
    def read(cls, paths: Iterable[Path], time_zone: str | None = None, encoding: str = "utf-8") -> "GivenLocations":
        """Read files of locations; what is none is a problem that the report tells.

        Raises:
            CannotReadFile: when a file cannot be opened.
        """
        given = cls(time_zone)
        for path in paths:
            for place, document in documents(path, encoding, given.problems):
                for problem in given.add(document):
                    given.problems.add(f"{place}: {problem}")
        return given

    def __len__(self) -> int:
        return len(self._places)

    def add(self, document: Document) -> list[str]:
        """Take a location in; returns what of it cannot be read, each the end of a sentence."""
        location_id, zone = document.get("id"), document.get("time_zone")
        if not isinstance(location_id, str):
            return ["it is no location, as it has no id"]
        problems = [] if zone is None or isinstance(zone, str) else ["its time_zone is no text"]
        place = _Place(zone if isinstance(zone, str) else None, dict(_powers(document, problems)))
        self._places[owner_of(document), same(location_id)] = place
        return problems

    def of(self, claim: Claim, row: Row) -> LocationFact | None:
        """Return what is known of a CDR's location; None where that is nothing."""
        name = same(claim.location_id)
        place = self._places.get((claim.visited_cso, name)) or self._places.get(("", name))
        power = row.power_kw
        zone = row.time_zone or self.time_zone
        if place is not None:
            power = place.powers.get((same(claim.evse_uid), same(claim.connector_id)), power)
            zone = place.time_zone or zone
        if zone is None and power is None:
            return None
        return LocationFact(claim.location_id, 0, zone or "", power)


def _powers(document: Document, problems: list[str]) -> Iterator[tuple[tuple[str, str], Decimal]]:
    for evse in _objects(document.get("evses")):
        for connector in _objects(evse.get("connectors")):
            numbers = {name: number(connector.get(name)) for name in _NUMBERS}
            problems += [
                f"the {name} of a connector is no number"
                for name, found in numbers.items()
                if found is None and connector.get(name) is not None
            ]
            power = connector_power_kw(str(connector.get("power_type")), *numbers.values())
            if power is not None:
                yield (same(str(evse.get("uid"))), same(str(connector.get("id")))), power


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
