"""Tells owners what of their lists could not be taken, by the report of refusals."""

from collections.abc import Sequence
from datetime import datetime

from services.core.ids import object_event_id
from services.gateway.pulling.intake import Fate, Source, Taken
from services.gateway.refusals import PULLED, Reason, Refusal


def lines(source: Source, taken: Sequence[Taken], hub: str, now: datetime, most: int) -> list[Refusal]:
    """Return the lines of the objects of a page that are wrong; what was reported before has the same id again.

    Tokens are counted and not reported: their only name is the credential itself.

    Args:
        hub: Who could not take them.
        most: No more lines than these.
    """
    if source.module == "tokens":
        return []
    wrong = [each for each in taken if each.fate is Fate.WRONG]
    return [_line(source, each, hub, now) for each in wrong[: max(0, most)]]


def _line(source: Source, taken: Taken, hub: str, now: datetime) -> Refusal:
    owner, object_id = taken.named.owner or source.partner, taken.named.object_id or ""
    return Refusal(
        event_id=object_event_id(owner, f"{object_id}\x1f{taken.reason}", 1, f"pulled {source.module}"),
        party=owner,
        module=source.module,
        object_id=object_id,
        counterpart=hub,
        source=PULLED,
        verdict="REFUSED",
        reasons=(Reason("PULLED", "REJECT", taken.reason),),
        revision=1,
        decided_at=now,
    )
