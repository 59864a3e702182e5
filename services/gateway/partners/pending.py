"""Tokens that a platform is about to be given by us: good from before it knows them, since it calls back meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.errors import BadContent
from services.gateway.partners.secret_box import SecretBox
from services.gateway.partners.tables import pending_tokens
from services.gateway.partners.tokens import token_hash
from services.runtime.work import Work


@dataclass(frozen=True, slots=True)
class Offering:
    """What pending tokens are made with.

    Attributes:
        seconds: How long one stays good if nothing more is heard of it.
    """

    box: SecretBox = field(repr=False)
    make_token: Callable[[], str]
    seconds: float

    async def offer(self, work: Work, platform: str) -> str:
        """Return the token that a platform is to be given.

        As long as it is not known whether the last one arrived that one is given again: both sides then agree whatever
        became of the answer.
        """
        c = pending_tokens.c
        query = select(c.token_sealed).where(c.platform == platform, c.expires_at > work.now).with_for_update()
        sealed = (await work.connection.execute(query)).scalar_one_or_none()
        token = None if sealed is None else self._open(platform, sealed)
        if token is None:
            token = self.make_token()
            sealed = self.box.seal(_name(platform), token.encode())
        values = {
            "token_hash": token_hash(token),
            "token_sealed": sealed,
            "expires_at": work.now + timedelta(seconds=self.seconds),
        }
        statement = insert(pending_tokens).values(platform=platform, **values)
        await work.connection.execute(statement.on_conflict_do_update(index_elements=["platform"], set_=values))
        return token

    def _open(self, platform: str, sealed: bytes) -> str | None:
        try:
            return self.box.open(_name(platform), sealed).decode()
        except BadContent:
            # Of another master key: it can be replaced, nobody depends on it yet.
            return None


async def forget_pending(connection: AsyncConnection, platform: str) -> None:
    """Let a pending token be good for nothing any more: it is the platform's own now, or was refused."""
    await connection.execute(delete(pending_tokens).where(pending_tokens.c.platform == platform))


def _name(platform: str) -> str:
    return f"pending/{platform}/token"
