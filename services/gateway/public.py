"""The public application: every path that partners reach, put together."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.calls import Endpoint, Front, nothing_here, refusal, route
from services.gateway.counting import Counts
from services.gateway.inbound import locations, sessions
from services.gateway.inbound.cdrs import MODULE as CDRS
from services.gateway.inbound.cdrs import Cdrs
from services.gateway.inbound.locations import Locations
from services.gateway.inbound.module import Module, Result
from services.gateway.inbound.pipeline import Pipeline
from services.gateway.inbound.reading import Desk
from services.gateway.inbound.sessions import Sessions
from services.gateway.inbound.tariffs import MODULE as TARIFFS
from services.gateway.inbound.tariffs import Tariffs
from services.gateway.inbound.tokens import MODULE as TOKENS
from services.gateway.inbound.tokens import Tokens
from services.gateway.partners.agreements import Agreements
from services.gateway.partners.versions import version_routes
from services.gateway.refusals import Report
from services.gateway.settings import GatewaySettings
from services.gateway.states import Push
from services.gateway.vault_store import Vault
from services.gateway.views import Views
from services.runtime.grouping import Grouper
from services.runtime.work import Transactions

ROOT: Final = "/ocpi/2.2.1"
_RECEIVER: Final = ROOT + "/receiver"
_SENDER: Final = ROOT + "/sender"
_OWN: Final = "{country_code}/{party_id}/{object_id}"
_CDRS: Final = f"{_RECEIVER}/cdrs"


@dataclass(frozen=True, slots=True)
class Groupers:
    """One queue of pushes for each module; the loops behind them are the service's background."""

    locations: Grouper[Push, Result]
    tariffs: Grouper[Push, Result]
    tokens: Grouper[Push, Result]
    sessions: Grouper[Push, Result]
    cdrs: Grouper[Push, Result]

    def all(self) -> tuple[Grouper[Push, Result], ...]:
        """Return them all, to be run."""
        return self.locations, self.tariffs, self.tokens, self.sessions, self.cdrs


def groupers(transactions: Transactions, vault: Vault, settings: GatewaySettings) -> Groupers:
    """Return the queues, wired to their decisions."""

    def of(module: Module) -> Grouper[Push, Result]:
        return Grouper(
            transactions,
            Pipeline(module, vault).decide,
            max_batch_requests=settings.grouping.max_batch_requests,
            max_wait_milliseconds=settings.grouping.max_wait_milliseconds,
            max_queue_requests=settings.grouping.max_queue_requests,
        )

    return Groupers(
        locations=of(locations.module(settings.inbound.max_evses)),
        tariffs=of(TARIFFS),
        tokens=of(TOKENS),
        sessions=of(sessions.module(settings.inbound.max_charging_periods)),
        cdrs=of(CDRS),
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is put together from.

    Attributes:
        engine: For reads.
        authorize: The endpoint of real-time authorization.
        others: Further routes, such as those of credentials; versions list them all.
    """

    engine: AsyncEngine
    vault: Vault
    agreements: Agreements
    groupers: Groupers
    settings: GatewaySettings
    front: Front
    authorize: Endpoint
    others: Sequence[Route] = ()


def application(parts: Parts) -> ASGIApp:
    """Return the ASGI application. Routes are tried in order, so the busiest come first."""
    front, settings = parts.front, parts.settings
    desk = Desk(parts.agreements, settings.gateway.party, settings.inbound)
    counts = Counts(parts.engine, settings.lists, time.monotonic)
    base_url = settings.gateway.public_url
    views = Views(parts.engine, parts.vault, desk, base_url, counts, settings.lists.max_page_bytes)
    report = Report(parts.engine, parts.vault, settings.inbound, base_url)
    routes = [
        *_pushes(desk, parts, views),
        route(f"{_SENDER}/tokens/{{uid}}/authorize", front, {"POST": parts.authorize}),
        *_lists(front, views),
        route(f"{ROOT}/reports/refusals", front, {"GET": report.get}),
        *parts.others,
    ]
    router = Router(
        routes=[*routes, *version_routes(front, base_url, routes)],
        redirect_slashes=False,
        default=nothing_here(refusal(front.clock, front.retry_after_seconds)),
    )

    async def unslashed(scope: Scope, receive: Receive, send: Send) -> None:
        # Examples of the text have a slash at the end of paths, its definitions have none, and some partners add one.
        path = scope["path"]
        is_slashed = scope.get("raw_path", path.encode()).endswith(b"/")
        await router({**scope, "path": path.rstrip("/")} if is_slashed else scope, receive, send)

    return unslashed


def _pushes(desk: Desk, parts: Parts, views: Views) -> list[Route]:
    front, groups = parts.front, parts.groupers
    cdrs = Cdrs(desk, groups.cdrs, parts.settings.gateway.public_url + _CDRS)
    session, token = Sessions(desk, groups.sessions), Tokens(desk, groups.tokens)
    location, tariff = Locations(desk, groups.locations), Tariffs(desk, groups.tariffs)
    place = {"GET": views.own("locations"), "PUT": location.put, "PATCH": location.patch}
    return [
        route(_CDRS, front, {"POST": cdrs.post}),
        route(
            f"{_RECEIVER}/sessions/{_OWN}",
            front,
            {"GET": views.own("sessions"), "PUT": session.put, "PATCH": session.patch},
        ),
        route(f"{_RECEIVER}/locations/{_OWN}/{{evse_uid}}", front, place),
        route(f"{_RECEIVER}/locations/{_OWN}/{{evse_uid}}/{{connector_id}}", front, place),
        route(f"{_RECEIVER}/locations/{_OWN}", front, place),
        route(
            f"{_RECEIVER}/tokens/{_OWN}",
            front,
            {"GET": views.own("tokens"), "PUT": token.put, "PATCH": token.patch},
        ),
        route(
            f"{_RECEIVER}/tariffs/{_OWN}",
            front,
            {"GET": views.own("tariffs"), "PUT": tariff.put, "DELETE": tariff.delete},
        ),
        route(f"{_CDRS}/{{cso}}/{{cdr_id:path}}", front, {"GET": views.own_cdr}),
    ]


def _lists(front: Front, views: Views) -> list[Route]:
    place = {"GET": views.one_location}
    return [
        *(
            route(f"{_SENDER}/{module}", front, {"GET": views.listed(module)})
            for module in ("locations", "tariffs", "tokens", "sessions", "cdrs")
        ),
        route(f"{_SENDER}/locations/{{object_id}}", front, place),
        route(f"{_SENDER}/locations/{{object_id}}/{{evse_uid}}", front, place),
        route(f"{_SENDER}/locations/{{object_id}}/{{evse_uid}}/{{connector_id}}", front, place),
    ]
