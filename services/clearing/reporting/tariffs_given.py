"""The tariffs that an audit is given: what the two parties agreed on, in all versions that a file has."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from services.clearing.audit.claims import Claim, same
from services.clearing.rating.documents import tariff_of
from services.clearing.rating.tariffs import Tariff
from services.clearing.reporting.documents_given import documents
from services.clearing.reporting.parties import NOBODY
from services.clearing.reporting.problems import Problems
from services.clearing.reporting.rows import Document
from services.core.clock import parse_utc
from services.core.errors import BadContent

_ANYBODY: Final = ""


@dataclass(frozen=True, slots=True)
class _Version:
    tariff: Tariff
    updated_at: datetime | None


class GivenTariffs:
    """Tariffs by their owner and id."""

    def __init__(self) -> None:
        self.problems: Final = Problems()
        self._versions: defaultdict[str, defaultdict[str, list[_Version]]] = defaultdict(lambda: defaultdict(list))

    @classmethod
    def read(cls, paths: Iterable[Path], encoding: str = "utf-8") -> "GivenTariffs":
        """Read files of tariffs; what is none is a problem that the report tells.

        Raises:
            CannotReadFile: when a file cannot be opened.
        """
        given = cls()
        for path in paths:
            for place, document in documents(path, encoding, given.problems):
                try:
                    given.add(document)
                except BadContent as error:
                    given.problems.add(f"{place} is no tariff: {error}")
        return given

    def __len__(self) -> int:
        return sum(len(owners) for owners in self._versions.values())

    def has(self, tariff_id: str) -> bool:
        """Say whether there is a tariff with this id."""
        return same(tariff_id) in self._versions

    def add(self, document: Document) -> None:
        """Take a tariff in.

        Raises:
            BadContent: when it is none.
        """
        tariff = tariff_of(document)
        updated = document.get("last_updated")
        version = _Version(tariff, parse_utc(updated) if isinstance(updated, str) else None)
        self._versions[same(tariff.tariff_id)][owner_of(document)].append(version)

    def find(self, tariff_id: str, owner: str, at: datetime) -> Tariff | None:
        """Return a tariff in the version for a session that begins then: valid then, and the newest one then.

        One that names no owner is anybody's, and to a CDR that names no sender any is its sender's. Where all are
        younger than the session it is the oldest.
        """
        owners: Mapping[str, Sequence[_Version]] = self._versions.get(same(tariff_id), {})
        versions = owners.get(owner) or owners.get(_ANYBODY) or ()
        if not versions and owner == str(NOBODY.cso):
            versions = next(iter(owners.values()), ())
        valid = [each for each in versions if _is_valid(each.tariff, at)] or list(versions)
        then = [each for each in valid if each.updated_at is None or each.updated_at <= at]
        if then:
            return max(then, key=_age).tariff
        return min(valid, key=_age).tariff if valid else None

    def named_by(self, claim: Claim) -> Mapping[str, Tariff]:
        """Return those that a CDR names, whether it copies them or not, by `same`."""
        if not self._versions:
            return {}
        found = {name: self.find(name, claim.visited_cso, claim.started_at) for name in claim.tariff_names}
        return {name: tariff for name, tariff in found.items() if tariff is not None}


def owner_of(document: Document) -> str:
    """Return the party that a document or a row of a table is of, as `NL-ABC`; an empty text where it does not say."""
    country, party = document.get("country_code"), document.get("party_id")
    said = country and party and isinstance(country, str) and isinstance(party, str)
    return f"{country}-{party}".upper() if said else _ANYBODY


def _is_valid(tariff: Tariff, at: datetime) -> bool:
    return (tariff.valid_from is None or tariff.valid_from <= at) and (
        tariff.valid_until is None or at < tariff.valid_until
    )


def _age(version: _Version) -> tuple[bool, float]:
    updated = version.updated_at
    return updated is not None, 0.0 if updated is None else updated.timestamp()
