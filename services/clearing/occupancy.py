"""Which CDRs share a connector and a time: no connector serves two sessions at once."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from services.clearing.claims import Claim


class Occupancy:
    """The occupied times of connectors, as far as a batch of CDRs is concerned.

    Two CDRs overlap when each starts before the other ends; one that starts when another ends does not.
    """

    def __init__(self) -> None:
        self._stored: Mapping[tuple[str, ...], str] = {}
        self._occupied: defaultdict[tuple[str, ...], list[tuple[datetime, datetime, str]]] = defaultdict(list)

    def know(self, overlapping: Mapping[tuple[str, ...], str]) -> None:
        """Take over what earlier CDRs occupy: by CDR key the id of the one that it overlaps."""
        self._stored = overlapping

    def occupy(self, claim: Claim) -> None:
        """Note that a cleared CDR occupies its connector."""
        if claim.connector is not None:
            self._occupied[claim.connector].append((claim.cdr.started_at, claim.cdr.ended_at, claim.cdr.cdr_id))

    def overlapping(self, claim: Claim) -> str | None:
        """Return the id of a cleared CDR that overlaps this one."""
        if claim.connector is None:
            return None
        if claim.key in self._stored:
            return self._stored[claim.key]
        start, end = claim.cdr.started_at, claim.cdr.ended_at
        for other_start, other_end, other in self._occupied.get(claim.connector, ()):
            if start < other_end and other_start < end:
                return other
        return None
