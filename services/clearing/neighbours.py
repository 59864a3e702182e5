"""Which cleared CDRs an audit compares another one with: those of its session, and those near it in time.

Only CDRs that stand count: a credit claims nothing, and what was rejected is not owed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from services.clearing.audit.claims import Claim, Key
from services.clearing.audit.facts import Neighbour

Name = tuple[str, ...]

ELSEWHERE: Final = "of another CSO"
"""Stands for the id of another CSO's CDR: findings go to a CDR's sender, who need not know where else people charge."""


class Neighbours:
    """The neighbours of a batch of CDRs: those cleared before it, and those decided within it."""

    def __init__(self, near: timedelta) -> None:
        """Take as near on a connector what starts no further apart and has the same energy."""
        self._near = near
        self._stored: Mapping[Key, Sequence[Neighbour]] = {}
        self._decided: defaultdict[Name, list[Neighbour]] = defaultdict(list)

    def know(self, stored: Mapping[Key, Sequence[Neighbour]]) -> None:
        """Take over those that were cleared before the batch, by CDR."""
        self._stored = stored

    def note(self, claim: Claim) -> None:
        """Note a CDR of the batch that was decided and stands."""
        other = Neighbour.of(claim)
        for name in _names(claim):
            self._decided[name].append(other)

    def of(self, claim: Claim) -> tuple[Neighbour, ...]:
        """Return the neighbours of a CDR, each once; a credit has none."""
        found = {each.key: each for each in self._stored.get(claim.key, ())}
        for name in _names(claim):
            for other in self._decided.get(name, ()):
                if other.key not in found and self._is_near(claim, other):
                    found[other.key] = other
        return tuple(_as_seen_by(claim, other) for other in found.values())

    def _is_near(self, claim: Claim, other: Neighbour) -> bool:
        if other.shares_time(claim) or (claim.session is not None and claim.session == other.session):
            return True
        is_same = other.connector == claim.connector and other.energy == claim.energy
        return is_same and abs(other.started_at - claim.started_at) <= self._near


def _as_seen_by(claim: Claim, other: Neighbour) -> Neighbour:
    return other if other.key[0] == claim.visited_cso else replace(other, cdr_id=ELSEWHERE)


def _names(claim: Claim) -> Iterator[Name]:
    """Give what a CDR may share with another one."""
    if claim.credit:
        return
    if claim.connector is not None:
        yield "connector", *claim.connector
    if claim.session is not None:
        yield "session", *claim.session
    if claim.credential is not None:
        yield "credential", claim.credential
