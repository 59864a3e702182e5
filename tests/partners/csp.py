"""The stand-in home-CSP: issues credentials, decides real-time authorizations by its own table, receives the rest.

Run it with `python -m tests.partners.csp`; `--help` lists the options.
"""

import secrets
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.partners import remote, serving
from tests.partners.control import put_owned
from tests.partners.ocpi import UNKNOWN_TOKEN, now_text
from tests.partners.partner import Partner, answer, guarded

RECEIVES = ("locations", "tariffs", "sessions", "cdrs")
SENDS = ("tokens", *remote.MODULES)


class Contracts:
    """What the CSP decides about its tokens at real-time authorization: uid to `allowed`; else ALLOWED if valid."""

    def __init__(self) -> None:
        self.decisions: dict[str, str] = {}

    async def issue_token(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"uid", "whitelist"?, "valid"?, "type"?, "decision"?, "changes"?}`: push a token."""
        uid, kind = order["uid"], order.get("type", "RFID")
        if "decision" in order:
            self.decisions[uid] = order["decision"]
        party = partner.party
        value = {
            "country_code": party.country_code,
            "party_id": party.party_id,
            "uid": uid,
            "type": kind,
            "contract_id": f"{party.country_code}-{party.party_id}-C{uid[-8:].upper().zfill(8)}",
            "issuer": f"Stand-in {party}",
            "valid": order.get("valid", True),
            "whitelist": order.get("whitelist", "ALLOWED"),
            "last_updated": now_text(datetime.now(UTC)),
        } | order.get("changes", {})
        return await put_owned(partner, "tokens", uid, value, f"?type={kind}")

    async def decide(self, _partner: Partner, order: dict[str, Any]) -> Any:
        """`{"uid": "ALLOWED" | "BLOCKED" | …}`: what to answer from now on."""
        self.decisions |= order
        return self.decisions

    async def authorize(self, partner: Partner, _module: str, request: Request, _body: Any) -> Response:
        """Answer the platform's real-time authorization request."""
        uid = request.path_params["uid"]
        token = partner.published.get("tokens", {}).get(uid)
        if token is None or request.query_params.get("type", "RFID") != token["type"]:
            return answer(None, UNKNOWN_TOKEN, "unknown token", status=404)
        allowed = self.decisions.get(uid, "ALLOWED" if token["valid"] else "BLOCKED")
        info: dict[str, Any] = {"allowed": allowed, "token": token}
        if allowed == "ALLOWED":
            info["authorization_reference"] = f"AUTH-{secrets.token_hex(8)}"
        return answer(info)


def main() -> None:
    """Run the CSP until it is told to stop."""
    contracts, far = Contracts(), remote.Remote()
    options = serving.arguments(__doc__ or "", "NL-CSP")

    def routes(partner: Partner) -> list[Route]:
        path = f"{partner.root}/sender/tokens/{{uid}}/authorize"
        asked = Route(path, guarded(partner, "tokens", contracts.authorize), methods=["POST"])
        return [asked, *far.routes(partner)]

    acts = {
        "/tokens": contracts.issue_token,
        "/decisions": contracts.decide,
        "/commands": far.command,
        "/profiles": far.profile,
        "/preferences": far.prefer,
    }
    serving.serve(options, "EMSP", (RECEIVES, SENDS), routes, acts)


if __name__ == "__main__":
    main()
