"""What the gateway reads through its inbox."""

from collections.abc import Mapping, Sequence

from schemas.models.clearing import CdrCleared, CdrMissed
from services.gateway import refusals
from services.gateway.partners.events import agreements_concluded, partners_registered
from services.gateway.settings import GatewaySettings
from services.runtime.events import Received
from services.runtime.work import Handler, Work


def handlers(settings: GatewaySettings) -> Mapping[str, Handler]:
    """Return the handlers by topic; partners come before their agreements, which come before verdicts."""
    return {
        "partner.registered": partners_registered,
        "agreement.concluded": agreements_concluded(settings.snapshots),
        "cdr.cleared": cdrs_cleared,
        "cdr.missed": cdrs_missed,
    }


async def cdrs_cleared(work: Work, events: Sequence[Received[CdrCleared]]) -> None:
    """Put findings into the reports of the CDRs' senders."""
    await refusals.record(work, [event.value for event in events])


async def cdrs_missed(work: Work, events: Sequence[Received[CdrMissed]]) -> None:
    """Put CDRs that never came into the reports of those who should have sent them."""
    await refusals.record_missed(work, [event.value for event in events])
