"""A partner's state and its public OCPI application: versions, credentials, receiver and sender interfaces."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.partners import judge
from tests.partners.behaviour import Behaviour
from tests.partners.journal import Journal, Sighting, arrival
from tests.partners.objects import Object, page, patched, with_part
from tests.partners.ocpi import INVALID_PARAMETERS, SUCCESS, Party, dumps, envelope, loads, token_in
from tests.partners.platform import Platform

MAX_PAGE = 100
OWN_CREDENTIALS = ["GET", "PUT", "DELETE"]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Partner:
    """One partner system.

    Attributes:
        published: Its own objects by module and id, in order of creation.
        received: What others pushed, by module and (owner, id).
    """

    party: Party
    base_url: str
    platform: Platform
    receives: tuple[str, ...]
    sends: tuple[str, ...]
    journal: Journal = field(default_factory=Journal)
    behaviour: Behaviour = field(default_factory=Behaviour)
    published: dict[str, dict[str, Object]] = field(default_factory=dict)
    received: dict[str, dict[tuple[str, str], Object]] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version of OCPI that it speaks."""
        return self.platform.version

    @property
    def root(self) -> str:
        """The path that all its endpoints begin with."""
        return f"/ocpi/{self.version}"

    def publish(self, module: str, object_id: str, value: Object) -> None:
        """Keep an own object, so that it can be pulled too."""
        self.published.setdefault(module, {})[object_id] = value

    def version_details(self) -> dict[str, Any]:
        """Our modules and where they are."""
        root = self.base_url + self.root
        endpoints = [{"identifier": "credentials", "role": "RECEIVER", "url": f"{root}/credentials"}]
        endpoints += [
            {"identifier": each, "role": "RECEIVER", "url": f"{root}/receiver/{each}"} for each in self.receives
        ]
        endpoints += [{"identifier": each, "role": "SENDER", "url": f"{root}/sender/{each}"} for each in self.sends]
        return {"version": self.version, "endpoints": endpoints}


def application(partner: Partner, extra: list[Route]) -> Starlette:
    """The public ASGI application; `extra` are routes of one kind of partner and win over the common ones."""
    root = partner.root
    return Starlette(
        routes=[
            *extra,
            Route("/ocpi/versions", guarded(partner, "versions", _versions)),
            Route(root, guarded(partner, "versions", _details)),
            Route(f"{root}/credentials", guarded(partner, "credentials", _credentials), methods=OWN_CREDENTIALS),
            Route(f"{root}/receiver/cdrs", guarded(partner, "cdrs", _post_cdr), methods=["POST"]),
            Route(f"{root}/receiver/cdrs/{{id}}", guarded(partner, "cdrs", _get_cdr), methods=["GET"]),
            Route(
                f"{root}/receiver/{{module}}/{{country_code}}/{{party_id}}/{{path:path}}",
                guarded(partner, None, _push),
                methods=["GET", "PUT", "PATCH", "DELETE"],
            ),
            Route(f"{root}/sender/{{module}}", guarded(partner, None, _list), methods=["GET"]),
        ]
    )


def answer(
    data: object = None,
    status_code: int = SUCCESS,
    message: str | None = None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """An HTTP response that carries an OCPI envelope."""
    content = dumps(envelope(data, status_code, message))
    return Response(content, status_code=status, headers=headers, media_type="application/json")


def guarded(
    partner: Partner, module: str | None, act: Callable[[Partner, str, Request, Any], Awaitable[Response]]
) -> Endpoint:
    """Wrap an endpoint: token check, parsing, complaints, journal, misbehaviour, message ids in the answer."""

    async def endpoint(request: Request) -> Response:
        name = module or request.path_params["module"]
        if token_in(request.headers.get("authorization")) != partner.platform.token_for_us:
            return answer(None, 2000, "unknown credentials token", status=401)
        try:
            content = await request.body()
            body = loads(content) if content else None
        except ValueError:
            return answer(None, 2000, "no JSON", status=400)
        await _note(partner, name, request, body)
        response = await partner.behaviour.answer(name) if name not in {"versions", "credentials"} else None
        response = response or await act(partner, name, request, body)
        for header in ("x-request-id", "x-correlation-id"):
            if header in request.headers:
                response.headers[header] = request.headers[header]
        return response

    return endpoint


async def _note(partner: Partner, module: str, request: Request, body: Any) -> None:
    at, headers = arrival(request.headers)
    for complaint in judge.complaints(request.method, module, request.headers, partner.party, body, partner.version):
        partner.journal.complain(complaint)
    mode = partner.behaviour.for_module(module).value
    owner, object_id = _address(request, body)
    await partner.journal.add(Sighting(at, request.method, module, owner, object_id, headers, body, mode))


def _address(request: Request, body: Any) -> tuple[str, str]:
    params = request.path_params
    fields = body if isinstance(body, dict) else {}
    country, party = (params.get(name) or fields.get(name, "") for name in ("country_code", "party_id"))
    object_id = params.get("path") or params.get("uid") or params.get("id") or fields.get("id", "")
    return f"{country}-{party}".upper(), str(object_id)


async def _versions(partner: Partner, _module: str, _request: Request, _body: Any) -> Response:
    return answer([{"version": partner.version, "url": partner.base_url + partner.root}])


async def _details(partner: Partner, _module: str, _request: Request, _body: Any) -> Response:
    return answer(partner.version_details())


async def _credentials(partner: Partner, _module: str, request: Request, body: Any) -> Response:
    if request.method == "PUT":
        partner.platform.token_for_them = body["token"]
    if request.method == "DELETE":
        partner.platform.end()
        return answer()
    return answer(partner.platform.credentials())


async def _push(partner: Partner, module: str, request: Request, body: Any) -> Response:
    owner, path = _address(request, body)
    object_id, *parts = path.split("/")
    held = partner.received.setdefault(module, {}).get((owner, object_id))
    if request.method == "GET":
        return answer(held) if held else answer(None, 2000, "unknown object", status=404)
    if request.method == "DELETE":
        partner.received[module].pop((owner, object_id), None)
        return answer()
    if request.method == "PATCH" and (held is None or "last_updated" not in body):
        return answer(None, INVALID_PARAMETERS, "unknown object or no last_updated")
    if parts:
        changed = with_part(held or {"id": object_id}, parts, body, merge=request.method == "PATCH")
    else:
        changed = patched(module, held or {}, body) if request.method == "PATCH" else body
        if str(changed.get("uid" if module == "tokens" else "id")).lower() != object_id.lower():
            partner.journal.complain(f"{request.method} {module}: the id in the body is not the one in the URL")
            return answer(None, INVALID_PARAMETERS, "another id in the body than in the URL")
    partner.received[module][owner, object_id] = changed
    return answer(status=200 if held else 201)


async def _post_cdr(partner: Partner, _module: str, _request: Request, body: Any) -> Response:
    key = (f"{body['country_code']}-{body['party_id']}".upper(), str(body["id"]))
    known = partner.received.setdefault("cdrs", {})
    if key in known and known[key] != body:
        partner.journal.complain("POST cdrs: the same id with other content")
        return answer(None, INVALID_PARAMETERS, "another CDR has this id")
    status = 200 if key in known else 201
    known[key] = body
    location = f"{partner.base_url}{partner.root}/receiver/cdrs/{body['id']}"
    return answer(status=status, headers={"Location": location})


async def _get_cdr(partner: Partner, _module: str, request: Request, _body: Any) -> Response:
    wanted = request.path_params["id"]
    found = next((each for (_, cdr_id), each in partner.received.get("cdrs", {}).items() if cdr_id == wanted), None)
    return answer(found) if found else answer(None, 2000, "unknown CDR", status=404)


async def _list(partner: Partner, module: str, request: Request, _body: Any) -> Response:
    objects = list(partner.published.get(module, {}).values())
    shown, total, limit, offset = page(objects, dict(request.query_params), MAX_PAGE)
    headers = {"X-Total-Count": str(total), "X-Limit": str(limit)}
    if offset + len(shown) < total:
        url = request.url.include_query_params(offset=offset + len(shown), limit=limit)
        headers["Link"] = f'<{url}>; rel="next"'
    return answer(shown, headers=headers)
