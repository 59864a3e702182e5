"""Finds the contract that a CSO asks about, and its token object."""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.gateway.authorize.holders import Holder, holders
from services.gateway.authorize.question import Question, choose_holder
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import OcpiError, Status
from services.gateway.partners.agreements import Agreements
from services.gateway.vault import Credential, Purpose
from services.gateway.vault_store import Vault
from services.runtime.postgres import by_statement, translated
from services.runtime.work import Transactions, Work


@dataclass(frozen=True, slots=True)
class Found:
    """A contract, and the credential sealed under its key for the way to the home-CSP.

    Attributes:
        type: The type that its home-CSP knows it by.
        token: The token object as JSON, as the CSO may see it; None where there is none.
        protocol: The version of OCPI that the token object is in, by name.
    """

    home_csp: str
    pseudonym: str
    sealed: bytes
    type: str
    token: bytes | None = field(default=None, repr=False)
    protocol: str = ""


class CredentialFinder:
    """Looks contracts up by card; of one that is not known it makes a record only where the CSO names a home-CSP."""

    def __init__(self, engine: AsyncEngine, transactions: Transactions, vault: Vault, agreements: Agreements) -> None:
        self._engine = by_statement(engine)
        self._transactions, self._vault, self._agreements = transactions, vault, agreements

    async def find(self, question: Question) -> Found | None:
        """Return the contract that a question is about; None where no home-CSP of the CSO's knows the card.

        Raises:
            OcpiError: 4001 when it names a home-CSP that it has no agreement with.
            services.core.errors.Unavailable: when the database is away.
        """
        agreed = await self._agreements.counterparts(question.visited_cso)
        agreed = [each for each in agreed if not each.suspended]
        counterparts = {each.home_csp for each in agreed if each.visited_cso == question.visited_cso}
        if question.home_csp is not None:
            if question.home_csp not in counterparts:
                raise OcpiError(f"there is no agreement in force with {question.home_csp}", Status.UNKNOWN_RECEIVER)
            counterparts = {question.home_csp}
        async with translated(), self._engine.connect() as connection:
            known = await holders(connection, self._vault.card(question.type, question.uid), question.visited_cso)
            holder = choose_holder(known, counterparts)
            if holder is not None:
                return await self._sealed(connection, question, holder)
        if question.home_csp is None:
            return None
        return await self._transactions.run(lambda work: self._new(work, question))

    async def _new(self, work: Work, question: Question) -> Found:
        credential = Credential(question.home_csp or "", question.type, question.uid)
        pseudonyms = await self._vault.pseudonyms(work, [credential])
        holder = Holder(credential.home_csp, pseudonyms[credential])
        return await self._sealed(work.connection, question, holder)

    async def _sealed(self, connection: AsyncConnection, question: Question, holder: Holder) -> Found:
        pseudonym = holder.pseudonym
        keys = await self._vault.keys(connection, [pseudonym])
        sealed = keys.seal(pseudonym, Purpose.AUTHORIZATION, question.uid.encode())
        token = None if holder.token is None else keys.of(pseudonym).unseal(Purpose.TOKEN, holder.token)
        return Found(holder.home_csp, pseudonym, sealed, _type(question, token), token, holder.protocol)


def _type(question: Question, token: bytes | None) -> str:
    """Return a token's own type: an operator on an older version calls OTHER what it has no name for."""
    if question.type != "OTHER" or token is None:
        return question.type
    return str(documents.parse(token, documents.STORED_DEPTH)["type"])
