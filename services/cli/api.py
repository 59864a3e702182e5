"""The client of the services' admin APIs: JSON over TLS, one request at a time."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from services.core.errors import BadContent, Conflict, Forbidden, NotFound, RoamwattError, Unavailable
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.service_processes import CATALOGUE, NAMES
from services.runtime.security import client_context

TIMEOUT_SECONDS = 30
SERVICES = tuple(name for name in NAMES if name != CATALOGUE)
MAX_ANSWER_BYTES = 20_000_000
_ERRORS: Mapping[int, type[RoamwattError]] = {
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: BadContent,
    503: Unavailable,
}


@dataclass(slots=True)
class AdminApi:
    """Asks the admin APIs of a deployment."""

    deployment: Deployment
    _context: ssl.SSLContext = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Trust the deployment's authority alone."""
        self._context = client_context(self.deployment.ca_file)

    @classmethod
    def here(cls) -> "AdminApi":
        """The running deployment of this checkout.

        Raises:
            NotRunning: when there is none.
        """
        return cls(Deployment.load())

    def get(self, service: str, path: str, **query: str | int) -> Any:
        """GET `path` below `/admin` of a service.

        Raises:
            RoamwattError: as the service answered, or Unavailable when it does not answer.
        """
        return self._send("GET", service, f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def post(self, service: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """POST a JSON body to `path` below `/admin` of a service; raises as `get`."""
        return self._send("POST", service, path, json.dumps(body or {}).encode())

    def patch(self, service: str, path: str, body: Mapping[str, Any]) -> Any:
        """PATCH a JSON body to `path` below `/admin` of a service; raises as `get`."""
        return self._send("PATCH", service, path, json.dumps(body).encode())

    def _send(self, method: str, service: str, path: str, body: bytes | None = None) -> Any:
        if service not in SERVICES:
            raise NotFound(f"there is no service {service}: there are {', '.join(SERVICES)}")
        request = urllib.request.Request(  # noqa: S310 - the URL is our own, always https
            f"{self.deployment.admin_url(service)}/admin{path}",
            data=body,
            method=method,
            headers={"Authorization": f"Bearer {self.deployment.admin_token}", "Content-Type": "application/json"},
        )
        try:
            with self._opener().open(request, timeout=TIMEOUT_SECONDS) as answer:
                return json.loads(answer.read(MAX_ANSWER_BYTES), parse_float=Decimal)
        except urllib.error.HTTPError as refusal:
            raise _meant(service, refusal.code, refusal.read(10_000)) from None
        except (OSError, ValueError) as error:
            raise Unavailable(f"{service} does not answer ({type(error).__name__}): see `roamwatt doctor`") from error

    def _opener(self) -> urllib.request.OpenerDirector:
        # Never through a proxy: the admin API is on this machine.
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._context)
        )


def pages(api: AdminApi, service: str, path: str, key: str) -> list[dict[str, Any]]:
    """Return all rows of a list, page after page; raises as `AdminApi.get`."""
    page: dict[str, Any] = api.get(service, path)
    rows = list[dict[str, Any]](page[key])
    while page["next"]:
        page = api.get(service, path, after=page["next"])
        rows += page[key]
    return rows


def quoted(part: str) -> str:
    """Return one part of a path, such as an id that a partner chose."""
    return urllib.parse.quote(part, safe="")


def _meant(service: str, status: int, body: bytes) -> RoamwattError:
    try:
        detail = str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"HTTP {status}"
    return _ERRORS.get(status, RoamwattError)(f"{service}: {detail}")
