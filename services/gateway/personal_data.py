"""What an operator may do with personal data, by the admin API.

POST /admin/vault/erase        {"home_csp", "type", "uid"}: destroy the key of a contract, and with it what it sealed
POST /admin/dead-letters/open  {"sealed"}: what a dead letter of any service says, both in base64url

Neither a card number nor what a letter says is ever logged.
"""

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.core.errors import BadContent, Conflict
from services.core.party import PartyId
from services.gateway.vault import Credential
from services.gateway.vault_store import Vault
from services.runtime.admin import answer, read
from services.runtime.dead_letters import unseal
from services.runtime.logs import logger
from services.runtime.service import Context

_log = logger(__name__)


class Erasure(BaseModel):
    """Whose contract is to be erased, as its home-CSP issued it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home_csp: str
    type: Literal["RFID", "APP_USER", "AD_HOC_USER", "EMAID", "OTHER"]
    uid: str = Field(min_length=1, max_length=36, repr=False)


class Letter(BaseModel):
    """A dead letter's sealed content in base64url, as the admin API of its service shows it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sealed: str = Field(repr=False)


class PersonalData:
    """The routes, over the vault and the deployment's private key."""

    def __init__(self, context: Context, vault: Vault, letters: X25519PrivateKey | None) -> None:
        self._context, self._vault, self._letters = context, vault, letters

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin`."""
        return (
            Route("/admin/vault/erase", self.erase, methods=["POST"]),
            Route("/admin/dead-letters/open", self.open, methods=["POST"]),
        )

    async def erase(self, request: Request) -> Response:
        """Erase a contract; `erased` is false where there is none. It cannot be undone."""
        asked = await read(request, Erasure)
        credential = Credential(str(PartyId.parse(asked.home_csp)), asked.type, asked.uid)
        erased = await self._context.transactions.run(lambda work: self._vault.erase_credential(work, credential))
        _log.warning("contract erased by an operator", home_csp=credential.home_csp, erased=erased)
        return answer({"erased": erased})

    async def open(self, request: Request) -> Response:
        """Open a dead letter.

        Raises:
            Conflict: when this gateway was not given the private key.
            BadContent: when it is no letter that was sealed to that key.
        """
        letter = await read(request, Letter)
        if self._letters is None:
            raise Conflict("this gateway opens no dead letters: ROAMWATT_VAULT__DEAD_LETTERS_KEY_FILE is not set")
        try:
            content = unseal(urlsafe_b64decode(letter.sealed), self._letters)
        except (NotBase64, InvalidTag, ValueError):
            raise BadContent("sealed: not a dead letter of this deployment") from None
        _log.warning("dead letter opened by an operator", content_bytes=len(content))
        return answer({"content": content})
