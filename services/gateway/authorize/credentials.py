"""Finds the contract that a CSO asks about, and its token object."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.gateway.authorize.question import Question, choose_holder
from services.gateway.object_store import newest
from services.gateway.ocpi.envelope import OcpiError, Status
from services.gateway.partners.agreements import Agreements
from services.gateway.vault import Credential, Purpose
from services.gateway.vault_store import Holder, Sealing, Vault
from services.runtime.postgres import translated
from services.runtime.work import Transactions, Work


@dataclass(frozen=True, slots=True)
class Found:
    """A contract, and the credential sealed under its key for the way to the home-CSP."""

    home_csp: str
    pseudonym: str
    sealed: bytes


class CredentialFinder:
    """Looks contracts up by card; of one that is not known it makes a record only where the CSO names a home-CSP."""

    def __init__(self, engine: AsyncEngine, transactions: Transactions, vault: Vault, agreements: Agreements) -> None:
        # One statement at a time needs no transaction around it: two messages less on the way of every question.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._transactions, self._vault, self._agreements = transactions, vault, agreements

    async def find(self, question: Question) -> Found | None:
        """Return the contract that a question is about; None where no home-CSP of the CSO's knows the card.

        Raises:
            OcpiError: 4001 when it names a home-CSP that it has no agreement with.
            services.core.errors.Unavailable: when the database is away.
        """
        agreed = await self._agreements.counterparts(question.visited_cso)
        counterparts = {each.home_csp for each in agreed if each.visited_cso == question.visited_cso}
        if question.home_csp is not None:
            if question.home_csp not in counterparts:
                raise OcpiError(f"there is no agreement with {question.home_csp}", Status.UNKNOWN_RECEIVER)
            counterparts = {question.home_csp}
        async with translated(), self._engine.connect() as connection:
            holder = await self._holder(connection, question, counterparts)
            if holder is not None:
                return await self._sealed(connection, question, holder)
        if question.home_csp is None:
            return None
        return await self._transactions.run(lambda work: self._new(work, question))

    async def token(self, question: Question, found: Found) -> bytes | None:
        """Return the token object of a contract as JSON, as the CSO may see it; None where there is none."""
        async with translated(), self._engine.connect() as connection:
            wanted = [(found.home_csp, found.pseudonym)]
            rows = await newest(connection, "tokens", question.visited_cso, wanted)
            row = rows.get(wanted[0])
            if row is None or row.removed:
                return None
            (body,) = await self._vault.unseal(connection, [Sealing(found.pseudonym, Purpose.TOKEN, row.body)])
            return body

    async def _holder(self, connection: AsyncConnection, question: Question, counterparts: set[str]) -> Holder | None:
        holders = [
            each
            for each in await self._vault.holders(connection, question.type, question.uid)
            if each.home_csp in counterparts
        ]
        pushed = await self._pushed(connection, question, holders) if len(holders) > 1 else set[str]()
        return choose_holder(holders, counterparts, pushed)

    async def _pushed(self, connection: AsyncConnection, question: Question, holders: Sequence[Holder]) -> set[str]:
        wanted = [(holder.home_csp, holder.pseudonym) for holder in holders]
        rows = await newest(connection, "tokens", question.visited_cso, wanted)
        return {pseudonym for (_, pseudonym), row in rows.items() if not row.removed}

    async def _new(self, work: Work, question: Question) -> Found:
        credential = Credential(question.home_csp or "", question.type, question.uid)
        pseudonyms = await self._vault.pseudonyms(work, [credential])
        holder = Holder(credential.home_csp, pseudonyms[credential])
        return await self._sealed(work.connection, question, holder)

    async def _sealed(self, connection: AsyncConnection, question: Question, holder: Holder) -> Found:
        sealing = Sealing(holder.pseudonym, Purpose.AUTHORIZATION, question.uid.encode())
        (sealed,) = await self._vault.seal(connection, [sealing])
        return Found(holder.home_csp, holder.pseudonym, sealed)
