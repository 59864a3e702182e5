"""A partner built on `extrawest-ocpi` (OCPI 2.2.1), with the little that its users have to add.

It runs by the interpreter of the environment that `independent.lock` describes, as
`python extrawest.py --role cpo --party FR-XWC --certificate F --key F --hub-ca F`, prints one line of JSON once it
listens and ends when its standard input does. The library serves OCPI: versions, receiver and sender interfaces, and it
pushes. What is added here is a store in memory, tokens, and the paths by which a test tells it what to do:

POST /control/register  {versions_url, registration_token}  run the handshake with the hub as its client
PUT  /control/objects   {module, id, object}                 keep an own object, to be pushed or listed
GET  /control/objects   ?module=                             what it holds of a module, own and received
POST /control/push      {module, id}                         push an own object with the library's own client
POST /control/call      {module, role, path, body}           post to an endpoint of the hub, as its users do themselves
"""

import argparse
import base64
import json
import os
import secrets
import socket
import sys
import threading
from typing import Any

STORE: dict[str, dict[str, dict[str, Any]]] = {}
TOKEN_FOR_US = secrets.token_urlsafe(24)
HUB: dict[str, str] = {}
HUB_URLS: dict[tuple[str, str], str] = {}


def arguments() -> argparse.Namespace:
    """What the test says."""
    parser = argparse.ArgumentParser(description="A partner built on extrawest-ocpi.")
    parser.add_argument("--role", choices=("cpo", "emsp"), required=True)
    parser.add_argument("--party", required=True, help="CC-PPP")
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--hub-ca", required=True, help="PEM file of the hub's certificate authority")
    return parser.parse_args()


class Authenticator:
    """Accepts the one token that the hub was given."""

    @classmethod
    async def authenticate(cls, auth_token: str) -> None:
        """Refuse every other token."""
        from py_ocpi.core.exceptions import AuthorizationOCPIError

        if auth_token != TOKEN_FOR_US:
            raise AuthorizationOCPIError

    @classmethod
    async def authenticate_credentials(cls, auth_token: str) -> str | None:
        """Say whose token it is, for versions and credentials."""
        return auth_token if auth_token == TOKEN_FOR_US else None


class Crud:
    """The store that the library asks its users for."""

    @classmethod
    async def get(cls, module: Any, role: Any, id: Any, *_args: Any, **_rest: Any) -> Any:
        """Return one object; of a command, which has no id, what the charging station made of it."""
        if module.value == "commands" and role.value == "CPO":
            return {"result": "ACCEPTED"}
        return STORE.get(module.value, {}).get(str(id).lower())

    @classmethod
    async def list(cls, module: Any, _role: Any, filters: dict[str, Any], *_args: Any, **_rest: Any) -> Any:
        """Return a page, the total, and whether it is the last page."""
        found = [*STORE.get(module.value, {}).values()]
        offset, limit = filters["offset"], filters["limit"]
        return found[offset : offset + limit], len(found), offset + limit >= len(found)

    @classmethod
    async def create(cls, module: Any, _role: Any, data: dict[str, Any], *_args: Any, **_rest: Any) -> Any:
        """Keep a new object."""
        return keep(module.value, str(data.get("uid") or data.get("id")), data)

    @classmethod
    async def update(cls, module: Any, _role: Any, data: dict[str, Any], id: Any, *_args: Any, **_rest: Any) -> Any:
        """Keep a newer state; of a command, its result under the id that we gave it."""
        return keep(module.value, str(id), {**data, "command_id": id} if module.value == "commands" else data)

    @classmethod
    async def delete(cls, module: Any, _role: Any, id: Any, *_args: Any, **_rest: Any) -> None:
        """Forget an object."""
        STORE.get(module.value, {}).pop(str(id).lower(), None)

    @classmethod
    async def do(cls, module: Any, _role: Any, action: Any, *_args: Any, **rest: Any) -> Any:
        """Answer a real-time authorization (allowed, as the token says) or a command (accepted)."""
        if action.value == "AuthorizeToken":
            token = STORE["tokens"][str(rest["data"]["token_uid"]).lower()]
            return {"allowed": "ALLOWED" if token["valid"] else "BLOCKED", "token": token}
        if action.value == "GetClientToken":
            return HUB["token"]
        return {"result": "ACCEPTED", "timeout": 20}


def keep(module: str, id: str, data: dict[str, Any]) -> dict[str, Any]:
    """Store an object as plain JSON, by its id in lower case: the library writes ids so."""
    plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
    STORE.setdefault(module, {})[id.lower()] = plain
    return plain


def application(role: str, party: str) -> Any:
    """The library's application with the control paths."""
    from py_ocpi.core.endpoints import ENDPOINTS
    from py_ocpi.core.endpoints.v_2_2_1.utils import cpo_generator
    from py_ocpi.core.enums import ModuleID, RoleEnum
    from py_ocpi.main import get_application
    from py_ocpi.modules.versions.enums import VersionNumber
    from py_ocpi.modules.versions.v_2_2_1.enums import InterfaceRole

    # The library serves commands and leaves them out of the version details.
    served = ENDPOINTS[VersionNumber.v_2_2_1][RoleEnum.cpo]
    served[ModuleID.commands] = cpo_generator.generate_endpoint(ModuleID.commands, InterfaceRole.receiver)
    names = ("credentials_and_registration", "locations", "tariffs", "tokens", "sessions", "cdrs", "commands")
    app = get_application(
        version_numbers=[VersionNumber.v_2_2_1],
        roles=[RoleEnum(role.upper())],
        crud=Crud,
        modules=[getattr(ModuleID, name) for name in names],
        authenticator=Authenticator,
        http_push=True,
    )

    @app.post("/control/register")
    async def register(order: dict[str, str]) -> Any:
        return await handshake(order["versions_url"], order["registration_token"], role, party)

    @app.put("/control/objects")
    async def put(order: dict[str, Any]) -> Any:
        return keep(order["module"], order["id"], order["object"])

    @app.get("/control/objects")
    async def objects(module: str) -> Any:
        return list(STORE.get(module, {}).values())

    @app.post("/control/push")
    async def push(order: dict[str, str]) -> Any:
        return await pushed(app, order["module"], order["id"])

    @app.post("/control/call")
    async def call(order: dict[str, Any]) -> Any:
        url = HUB_URLS[order["module"], order["role"]].rstrip("/") + order["path"]
        return await called("POST", url, HUB["token"], order["body"])

    return app


async def called(method: str, url: str, token: str, body: Any = None) -> Any:
    """Send one request to the hub; returns the envelope of its answer."""
    import httpx

    header = {"Authorization": f"Token {base64.b64encode(token.encode()).decode()}"}
    async with httpx.AsyncClient(timeout=20) as client:
        return (await client.request(method, url, json=body, headers=header)).json()


async def handshake(versions_url: str, registration_token: str, role: str, party: str) -> Any:
    """Register with the hub; the library leaves the client's half to its users."""
    versions = (await called("GET", versions_url, registration_token))["data"]
    HUB["details"] = next(each["url"] for each in versions if each["version"] == "2.2.1")
    details = (await called("GET", HUB["details"], registration_token))["data"]
    HUB_URLS.update({(each["identifier"], each["role"]): each["url"] for each in details["endpoints"]})
    country_code, party_id = party.split("-")
    who = {"role": role.upper(), "country_code": country_code, "party_id": party_id}
    roles = [{**who, "business_details": {"name": f"extrawest {role}"}}]
    own = {"token": TOKEN_FOR_US, "url": f"https://{os.environ['OCPI_HOST']}/ocpi/versions", "roles": roles}
    given = (await called("POST", HUB_URLS["credentials", "SENDER"], registration_token, own))["data"]
    HUB["token"] = given["token"]
    return given["roles"]


async def pushed(app: Any, module: str, id: str) -> Any:
    """Push one own object to the hub by the library's own push interface."""
    import httpx

    order = {
        "module_id": module,
        "object_id": id,
        "receivers": [{"endpoints_url": HUB["details"], "auth_token": HUB["token"]}],
    }
    header = {"Authorization": f"Token {base64.b64encode(TOKEN_FOR_US.encode()).decode()}"}
    async with httpx.AsyncClient(app=app, base_url="https://own", timeout=20) as client:
        return (await client.post("/push/2.2.1", json=order, headers=header)).json()


def main() -> None:
    """Listen on a free port until standard input ends."""
    given = arguments()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    country_code, party_id = given.party.split("-")
    # The library reads its settings when it is imported.
    os.environ |= {
        "OCPI_HOST": f"127.0.0.1:{listening.getsockname()[1]}",
        "COUNTRY_CODE": country_code,
        "PARTY_ID": party_id,
        "SSL_CERT_FILE": given.hub_ca,
    }
    import uvicorn

    app = application(given.role, given.party)
    config = uvicorn.Config(app, ssl_certfile=given.certificate, ssl_keyfile=given.key, log_level="info")
    server = uvicorn.Server(config)
    threading.Thread(target=stop_at_end_of_input, args=(server,), daemon=True).start()
    sys.stdout.write(json.dumps({"base_url": f"https://{os.environ['OCPI_HOST']}"}) + "\n")
    sys.stdout.flush()
    server.run(sockets=[listening])


def stop_at_end_of_input(server: Any) -> None:
    """End with the process that started us, whatever ends it."""
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main()
