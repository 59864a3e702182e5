"""Which CDRs share a connector and a time: no connector serves two sessions at once."""

from collections import defaultdict
from collections.abc import Mapping

from services.clearing.audit.claims import Claim
from services.clearing.audit.facts import Neighbour


class Occupancy:
    """The occupied times of connectors, as far as a batch of CDRs is concerned."""

    def __init__(self) -> None:
        self._stored: Mapping[tuple[str, ...], Neighbour] = {}
        self._occupied: defaultdict[tuple[str, ...], list[Neighbour]] = defaultdict(list)

    def know(self, overlapping: Mapping[tuple[str, ...], Neighbour]) -> None:
        """Take over what earlier CDRs occupy: by CDR key the one that it overlaps."""
        self._stored = overlapping

    def occupy(self, claim: Claim) -> None:
        """Note that a cleared CDR occupies its connector."""
        if claim.connector is not None:
            self._occupied[claim.connector].append(Neighbour.of(claim))

    def neighbours(self, claim: Claim) -> tuple[Neighbour, ...]:
        """Return the first cleared CDR that overlaps this one, if there is one."""
        if claim.connector is None:
            return ()
        if claim.key in self._stored:
            return (self._stored[claim.key],)
        shared = (other for other in self._occupied.get(claim.connector, ()) if other.shares_time(claim))
        return tuple(shared)[:1]
