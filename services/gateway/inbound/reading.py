"""What every push is read by: whose it is, for whom, and what its body holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.core.clock import system_clock
from services.core.errors import BadContent
from services.core.party import PartyId
from services.gateway.calls import Call
from services.gateway.inbound.dating import dated
from services.gateway.inbound.module import Outcome, Result
from services.gateway.inbound.placing import placed
from services.gateway.objects import Decision
from services.gateway.ocpi import documents
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Answer, Missing, OcpiError, Status
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.types import owner_of
from services.gateway.partners.agreements import Agreement, Agreements
from services.gateway.partners.options import PartnerOptions
from services.gateway.settings import InboundSettings
from services.gateway.vault import Credential

CSO: Final = "CSO"
CSP: Final = "CSP"
_TAKEN: Final = {
    Decision.NEW: Answer(http_status=201),
    Decision.CHANGED: Answer(),
    Decision.SAME: Answer(),
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What all modules read pushes with."""

    agreements: Agreements
    hub: str
    settings: InboundSettings
    clock: Callable[[], datetime] = system_clock

    def document(self, call: Call) -> Document:
        """Return the body as parsed; see `documents.parse` for what it raises.

        Where the caller's objects may lack something, they have it from here on, in the call's body too.
        """
        document = documents.parse(call.body, self.settings.max_json_depth)
        complete = completed(document, call.peer.options, self.clock())
        if complete != document:
            call.body = documents.render(complete)
        return complete

    async def counterparts(self, owner: str, *roles: str) -> tuple[str, ...]:
        """Return who has an agreement in force with a party that acts in one of these roles."""
        found = await self.agreements.counterparts(owner)
        agreed = [each.counterpart(owner) for each in found if any(_is(each, owner, role) for role in roles)]
        return tuple(dict.fromkeys(agreed))

    async def charged(self, owner: str, started_at: datetime | None) -> frozenset[str]:
        """Return the home-CSPs whose drivers may have charged with an owner in a session that started then.

        See `Agreements.covering`: sessions and CDRs of before an agreement's end are taken after it.
        """
        found = await self.agreements.covering(owner, started_at)
        return frozenset(each.home_csp for each in found if each.visited_cso == owner)

    async def addressed(self, call: Call, owner: str, role: str) -> tuple[str, tuple[str, ...]]:
        """Return the audience of a pushed object and who is to get it.

        Without OCPI-to headers (open routing), or with the platform's own party in them (broadcast push), an object is
        for every partner; with a partner's, it is for that partner alone.

        Raises:
            OcpiError: 4001, when there is no agreement in force with the party addressed.
        """
        partners = await self.counterparts(owner, role)
        receiver = call.routing.receiver
        if receiver is None or receiver == self.hub:
            return "", partners
        if receiver not in partners:
            raise unknown_receiver(owner, receiver)
        return receiver, (receiver,)

    def sender(self, call: Call) -> str:
        """Return who stands in the OCPI-from headers towards receivers: of a broadcast push the platform itself.

        Empty means the object's owner (OCPI 2.2.1, Message routing headers, Broadcast Push).
        """
        return self.hub if call.routing.receiver == self.hub else ""

    def check_receiver(self, call: Call, owner: str, agreed: frozenset[str], named: Credential | None) -> None:
        """Check who is addressed with an object that concerns one home-CSP alone; it is never broadcast.

        Args:
            named: The credential that the object names; None where it does not say.

        Raises:
            OcpiError: 4001 when there is no agreement with the party addressed, 2001 when the object names another.
        """
        addressed = call.routing.receiver
        if addressed is None or addressed == self.hub:
            return
        if addressed not in agreed:
            raise unknown_receiver(owner, addressed)
        if named is not None and named.home_csp != addressed:
            raise OcpiError(f"cdr_token: is one of {named.home_csp}, and the OCPI-to headers name {addressed}")


def completed(document: Document, options: PartnerOptions, now: datetime) -> Document:
    """Return a document with what a partner's objects may lack by its options; itself where nothing is missing."""
    complete = dated(document, now) if options.assume_last_updated else document
    return placed(complete) if options.assume_evse_uid else complete


def unknown_receiver(owner: str, receiver: str) -> OcpiError:
    """Return the error for a party addressed that the owner has no agreement with."""
    return OcpiError(f"there is no agreement in force between {owner} and {receiver}", Status.UNKNOWN_RECEIVER)


def owner_in_url(call: Call, *roles: str) -> str:
    """Return the owner that the URL names, which must be one of the caller's parties in one of these roles.

    Raises:
        Missing: 404, when it is not (OCPI 2.2.1, Client Owned Object Push, Errors).
    """
    try:
        owner = str(PartyId.of(call.path["country_code"], call.path["party_id"]))
    except BadContent:
        raise Missing("the URL names no party", Status.INVALID) from None
    if not any(call.peer.speaks_for(owner, role) for role in roles):
        raise Missing(f"{owner} is not one of your parties with the role {' or '.join(roles)}", Status.INVALID)
    return owner


def change_of(call: Call, module: str, document: Document) -> Mapping[str, Any]:
    """Return what is read of a PATCH before it is merged; `last_updated` is always in it.

    Raises:
        OcpiError: 2001, naming what is missing or wrong; also where nothing can be patched.
    """
    change = mapping(call.version, module).change
    if change is None:
        raise OcpiError(f"{module}: only whole objects can be pushed")
    checked: Mapping[str, Any] = change(document)
    return checked


def check_identity(document: Mapping[str, Any], owner: str, id_field: str, id: str) -> None:
    """Check that an object says of itself what its URL says; of a change, only what it says counts.

    Raises:
        OcpiError: 2001, when it does not.
    """
    given = document.get(id_field, id)
    if not isinstance(given, str) or given.casefold() != id.casefold():
        raise OcpiError(f"{id_field}: is not the one in the URL")
    country, party = owner.split("-")
    named = owner_of(str(document.get("country_code", country)), str(document.get("party_id", party)))
    if named != owner:
        raise OcpiError(f"country_code, party_id: the object names {named[:16]}, the URL {owner}")


def at_most(content: Mapping[str, Any], field: str, most: int) -> None:
    """Check the length of a list.

    Raises:
        OcpiError: 2001, when it is longer.
    """
    if len(content.get(field) or ()) > most:
        raise OcpiError(f"{field}: more than {most} entries are not taken")


def answer(result: Result, taken: Callable[[Outcome], Answer] | None = None) -> Answer:
    """Return the answer to a push: 201 for a new object, 200 for a known one, 2001 for what was not taken.

    Args:
        taken: Makes the answer where it is more than a status.
    """
    if isinstance(result, OcpiError):
        raise result
    verdict = result.verdict
    if verdict.decision is Decision.STALE:
        raise OcpiError(f"last_updated: is older than the state held, which differs in {verdict.field or 'content'}")
    if verdict.decision is Decision.CONFLICT:
        raise OcpiError(
            f"{verdict.field}: differs from what was sent under this id before; a CDR never changes, send a credit CDR"
        )
    return taken(result) if taken else _TAKEN[verdict.decision]


def _is(agreement: Agreement, party: str, role: str) -> bool:
    return party == (agreement.visited_cso if role == CSO else agreement.home_csp)
