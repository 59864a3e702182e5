"""Why a CDR got its verdict, kept beside it: what the CSO asks for, what we reckon, and how.

It is kept as JSON of the engine's own values, since writing that costs next to nothing; what people and machines
read is made of it when somebody asks.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from services.clearing.audit.claims import Claim, Cost
from services.clearing.audit.engine import Audit
from services.clearing.rating.data import outcome_data
from services.clearing.rating.figures import figure
from services.clearing.rating.results import ADJUSTMENT, NotRated, Outcome, Rating
from services.clearing.rating.text import explain
from services.clearing.rating.zones import zone_of
from services.core.money import EXACT, ZERO

_PARTS: Final = {
    "FLAT": "fixed",
    "ENERGY": "energy",
    "TIME": "time",
    "PARKING_TIME": "parking",
    ADJUSTMENT: "adjustment",
}
_RESERVATION: Final = "reservation"


_MOST_TARIFFS: Final = 5
_MOST_ID_CHARACTERS: Final = 40


class Terms(NamedTuple):
    """An agreement or a tariff by which a CDR was rated; the version is None for a CDR's own copy of a tariff."""

    id: str
    version: int | None


class Explanation(msgspec.Struct, frozen=True):
    """What is kept.

    Attributes:
        agreement: Whose tolerance and rounding counted; None without one, and in a report on a file.
        tariffs: Those that the CDR names and that are known, the first of very many.
        claimed: The parts of the total that the CSO gives: fixed, energy, time, parking, reservation.
        tolerance: The agreement's, in the CDR's currency; None without an agreement.
        time_zone: Of the location, where it is known.
        rating: Our own price.
        not_rated: Why there is none.
        parts_left_out: So many of the price's last parts were too much to keep.
    """

    claimed: Mapping[str, Cost] = msgspec.field(default_factory=dict)
    tolerance: Decimal | None = None
    time_zone: str | None = None
    rating: Rating | None = None
    not_rated: str | None = None
    parts_left_out: int = 0
    agreement: Terms | None = None
    tariffs: Sequence[Terms] = ()


_READER: Final = msgspec.json.Decoder(Explanation)


def explanation_of(claim: Claim, audit: Audit, time_zone: str | None) -> Explanation:
    """Return the explanation of an audit, in the platform and in the report on a file."""
    rated, agreement = audit.rating, audit.agreement
    return Explanation(
        claimed=claim.parts,
        tolerance=None if agreement is None else agreement.total_tolerance,
        time_zone=time_zone,
        rating=rated if isinstance(rated, Rating) else None,
        not_rated=rated.reason if isinstance(rated, NotRated) else None,
        agreement=Terms(agreement.agreement_id, agreement.version) if agreement and agreement.agreement_id else None,
        tariffs=[Terms(each.tariff_id[:_MOST_ID_CHARACTERS], each.version) for each in audit.tariffs[:_MOST_TARIFFS]],
    )


def stored(explanation: Explanation, max_characters: int) -> str:
    """Return the JSON that is kept; of a price with very many parts only as many of the first as the bound allows."""
    text = msgspec.json.encode(explanation).decode()
    if len(text) <= max_characters or explanation.rating is None:
        return text
    parts = explanation.rating.parts
    if not parts:
        # Lines are few; a price that has too many of them keeps its totals.
        return msgspec.json.encode(replace(explanation, rating=replace(explanation.rating, lines=()))).decode()
    kept = parts[: len(parts) // 2]
    left_out = explanation.parts_left_out + len(parts) - len(kept)
    shorter = replace(explanation.rating, parts=kept)
    return stored(replace(explanation, rating=shorter, parts_left_out=left_out), max_characters)


def shown(text: str) -> dict[str, Any] | None:
    """Return what the admin API shows of a stored explanation; None for one of a release that kept it otherwise."""
    try:
        explanation = _READER.decode(text)
    except msgspec.DecodeError:
        return None
    return {
        "agreement": None if explanation.agreement is None else explanation.agreement._asdict(),
        "tariffs": [each._asdict() for each in explanation.tariffs],
        "time_zone": explanation.time_zone,
        "tolerance": None if explanation.tolerance is None else figure(explanation.tolerance),
        "compared": list(compared(explanation)),
        **outcome_data(_outcome(explanation)),
        "parts_left_out": explanation.parts_left_out,
        "text": told(explanation),
    }


def compared(explanation: Explanation) -> Iterator[dict[str, str | None]]:
    """Give each part of the total, without tax, as the CSO claims and as we rate it; None where one does not say."""
    ours = _rated_parts(explanation.rating)
    for part in (*_PARTS.values(), _RESERVATION):
        claimed = explanation.claimed.get(part)
        if claimed is not None or part in ours:
            rated = ours.get(part)
            yield {
                "part": part,
                "claimed": None if claimed is None else figure(claimed.excl_tax),
                "rated": None if rated is None else figure(rated),
            }


def told(explanation: Explanation) -> list[str]:
    """Return the price and its reasons as lines of text; times are local where the zone is known."""
    zone = None if explanation.time_zone is None else zone_of(explanation.time_zone)
    lines = explain(_outcome(explanation), zone)
    if explanation.parts_left_out:
        lines.append(f"{explanation.parts_left_out} further measurements were priced and are not listed.")
    return lines


def _outcome(explanation: Explanation) -> Outcome:
    return explanation.rating or NotRated(explanation.not_rated or "it was not kept")


def _rated_parts(rating: Rating | None) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in () if rating is None else rating.lines:
        part = _RESERVATION if line.reservation else _PARTS[line.component_type]
        if line.amount_excl_tax is not None:
            sums[part] = EXACT.add(sums.get(part, ZERO), line.amount_excl_tax)
    return sums
