"""CDRs as CSOs post them (OCPI 2.2.1, mod_cdrs, Receiver interface, and Credit CDRs)."""

from urllib.parse import quote

from services.gateway.calls import Call
from services.gateway.inbound.module import Module, Outcome, Result
from services.gateway.inbound.reading import CSO, Desk, answer, at_most
from services.gateway.inbound.sessions import receiver_of
from services.gateway.objects import Decision
from services.gateway.ocpi.envelope import Answer, OcpiError
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.types import owner_of
from services.gateway.settings import InboundSettings
from services.gateway.states import Push
from services.gateway.vault import Purpose
from services.runtime.grouping import Grouper


def module(limits: InboundSettings) -> Module:
    """Return how CDRs are decided; the limits say how many signed readings of one are checked."""
    return Module("cdrs", receiver=receiver_of, purpose=Purpose.CDR, immutable=True, limits=limits)


class Cdrs:
    """The endpoint of posted CDRs.

    A CDR posted again gets the same answer as the first time, with the same `Location`, and causes nothing.
    """

    def __init__(self, desk: Desk, grouper: Grouper[Push, Result], public_url: str) -> None:
        self._desk, self._grouper, self._public_url = desk, grouper, public_url

    async def post(self, call: Call) -> Answer:
        """Take a CDR."""
        document, objects = self._desk.document(call), mapping(call.version, "cdrs")
        cdr = objects.read(document)
        owner = owner_of(cdr["country_code"], cdr["party_id"])
        if not call.peer.speaks_for(owner, CSO):
            raise OcpiError(f"country_code, party_id: {owner} is not one of your parties with the role CSO")
        at_most(cdr, "charging_periods", self._desk.settings.max_charging_periods)
        agreed = await self._desk.charged(owner, cdr["start_date_time"])
        credential = objects.credential(cdr)
        self._desk.check_receiver(call, owner, agreed, credential)
        push = Push(
            owner=owner,
            object_id=cdr["id"],
            document=document,
            body=call.body,
            last_updated=cdr["last_updated"],
            correlation_id=call.ids.correlation,
            version=call.version,
            wire=cdr,
            agreed=agreed,
            credential=credential,
        )
        return answer(await self._grouper.submit(push), lambda outcome: self._taken(push, outcome))

    def _taken(self, push: Push, outcome: Outcome) -> Answer:
        root = f"{self._public_url}{push.version.root}/receiver/cdrs"
        location = f"{root}/{push.owner}/{quote(outcome.object_id, safe='')}"
        created = outcome.verdict.decision is Decision.NEW
        return Answer(http_status=201 if created else 200, headers={"location": location})
