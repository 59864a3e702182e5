"""Sessions that ended and were never billed."""

from collections.abc import Container, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from services.clearing.audit.claims import Key
from services.clearing.audit.codes import Code
from services.clearing.audit.facts import SessionFact
from services.clearing.audit.findings import Finding, find

_COMPLETED: Final = "COMPLETED"
_HOUR: Final = timedelta(hours=1)


def missing_cdrs(
    sessions: Iterable[tuple[Key, SessionFact]], billed: Container[Key], now: datetime, after: timedelta
) -> Iterator[Finding]:
    """Find the sessions that ended and have no CDR after the agreed time.

    OCPI mod_cdrs has CDRs sent as soon as possible, or as the parties agreed, as once a month. Of a session that is
    INVALID none is to be expected.

    Args:
        sessions: Each with the key that `Claim.session` of its CDR has.
        billed: The keys of those sessions that have a CDR.
        now: Until when CDRs were looked at.
        after: The time after a session's end that its parties agreed on.
    """
    for key, session in sessions:
        ended_at = session.ended_at
        over = session.state == _COMPLETED and ended_at is not None and now - ended_at > after
        if over and key not in billed:
            yield find(Code.CDR_MISSING, session=session.session_id, ended=ended_at, hours=after // _HOUR)
