"""What follows from objects that we hold and a partner's whole list did not have. Pure.

An object is removed only if its absence is certain, since a list that shifts under a walk hides objects that are there:
no page of a steady walk had it, or none of two full walks in a row. When too much is missing at once, or everything,
something is more likely wrong with the list than with the world: nothing is removed until an operator says so.

Source: OCPI 2.2.1 and 2.3.0, mod_locations and mod_tariffs, Response Data of the Sender interface.
"""

from dataclasses import dataclass

from services.gateway.pulling.walking import Walk


@dataclass(frozen=True, slots=True)
class Missing:
    """How many objects a full walk did not find.

    Attributes:
        held: How many we held when it began.
        once: Missing for the first time.
        again: Missing in the full walk before, too.
    """

    held: int
    once: int
    again: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What follows.

    Attributes:
        remove_from: Objects missing in so many walks in a row are removed; None: none is.
        unconfirmed: Another full walk has to confirm what is missing.
        doubt: Why nothing is removed although it is missing, for an operator; else empty.
    """

    remove_from: int | None
    unconfirmed: bool = False
    doubt: str = ""


def conclude(walk: Walk, missing: Missing, *, approved: bool, max_share: float, min_objects: int) -> Finding:
    """Return what follows from objects that a full walk did not find.

    Args:
        approved: An operator takes the partner's list as it is.
        max_share: Of the objects held; more at once is in doubt.
        min_objects: So few are not in doubt, unless nothing would be left.
    """
    if walk.nameless and missing.once + missing.again:
        return Finding(None, doubt=f"{walk.nameless} objects of its list have no id that can be read")
    certain = walk.saw_all
    gone = missing.once + missing.again if certain else missing.again
    too_much = gone > max(min_objects, missing.held * max_share) or (gone and gone >= missing.held)
    if too_much and not approved:
        return Finding(None, doubt=f"{gone} of {missing.held} objects are not in its list any more")
    return Finding(1 if certain else 2, unconfirmed=missing.once > 0 and not certain)
