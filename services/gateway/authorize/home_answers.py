"""What the home-CSP said of a credential, kept for the moment that the asking CSO is told: sealed, and not for long.

Events carry the decision; the token object and the EVSEs that the home-CSP allows are personal and stay here.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.authorize.telling import HomeAnswer
from services.gateway.ocpi import documents
from services.gateway.ocpi.bridging import convert
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.versions import VERSIONS, Version
from services.gateway.settings import AuthorizeSettings
from services.gateway.tables import home_answers
from services.gateway.vault import Purpose
from services.gateway.vault_store import Sealing, Vault
from services.runtime.service import Timer
from services.runtime.work import Work

_MAX_PRUNED_ROWS: Final = 5_000


class HomeAnswers:
    """Keeps and gives back AuthorizationInfo objects, each under its contract's key."""

    def __init__(self, vault: Vault, settings: AuthorizeSettings) -> None:
        self._vault, self._settings = vault, settings

    async def keep(self, work: Work, authorization_id: UUID, pseudonym: str, home: HomeAnswer) -> None:
        """Keep what the home-CSP said; the first word counts where a question was asked twice.

        Raises:
            services.gateway.vault_store.Erased: when the contract was erased meanwhile.
        """
        sealing = Sealing(pseudonym, Purpose.AUTHORIZATION, documents.render(home.info))
        (sealed,) = await self._vault.seal(work.connection, [sealing])
        expires_at = work.now + timedelta(seconds=self._settings.keep_answer_seconds)
        row = {"authorization_id": authorization_id, "sealed": sealed, "protocol": home.version.name}
        kept = insert(home_answers).values(row | {"expires_at": expires_at})
        await work.connection.execute(kept.on_conflict_do_nothing())

    async def find(
        self, connection: AsyncConnection, authorization_id: UUID, pseudonym: str, version: Version
    ) -> Document | None:
        """Return what the home-CSP said of an authorization, as this version has it, or None."""
        c = home_answers.c
        query = select(c.sealed, c.protocol).where(c.authorization_id == authorization_id)
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        (info,) = await self._vault.unseal(connection, [Sealing(pseudonym, Purpose.AUTHORIZATION, row.sealed)])
        if info is None:
            return None
        return convert("authorize", documents.parse(info, documents.STORED_DEPTH), VERSIONS[row.protocol], version)

    def timer(self) -> Timer:
        """Return the timer that deletes what nobody waits for any more."""

        async def act(work: Work) -> bool:
            c = home_answers.c
            old = select(c.authorization_id).where(c.expires_at < work.now).limit(_MAX_PRUNED_ROWS)
            gone = await work.connection.execute(delete(home_answers).where(c.authorization_id.in_(old)))
            return gone.rowcount == _MAX_PRUNED_ROWS

        return Timer("home_answers", self._settings.prune_seconds, act)
