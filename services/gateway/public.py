"""The public application: every path that partners reach, put together."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.calls import Endpoint, Front, nothing_here, refusal, route
from services.gateway.counting import Counts
from services.gateway.evses.updates import Decided, StatusUpdates
from services.gateway.inbound import cdrs, locations, sessions
from services.gateway.inbound.cdrs import Cdrs
from services.gateway.inbound.invoices import MODULE as INVOICE_MODULE
from services.gateway.inbound.invoices import Invoices
from services.gateway.inbound.locations import Locations
from services.gateway.inbound.module import Module, Result
from services.gateway.inbound.pipeline import Pipeline
from services.gateway.inbound.reading import Desk
from services.gateway.inbound.sessions import Sessions
from services.gateway.inbound.tariffs import MODULE as TARIFFS
from services.gateway.inbound.tariffs import Tariffs
from services.gateway.inbound.tokens import MODULE as TOKENS
from services.gateway.inbound.tokens import Tokens
from services.gateway.object_store import MODULES
from services.gateway.ocpi.mappings import MAPPINGS
from services.gateway.ocpi.modules import INVOICES
from services.gateway.ocpi.versions import Version
from services.gateway.openapi.document import openapi_route
from services.gateway.partners.agreements import Agreements
from services.gateway.partners.versions import version_routes
from services.gateway.pulling.pushers import Pushers
from services.gateway.refusals import Report
from services.gateway.settings import GatewaySettings
from services.gateway.states import Push
from services.gateway.vault_store import Vault
from services.gateway.views import Views
from services.runtime.grouping import Grouper
from services.runtime.work import Transactions, Work

Answered = TypeVar("Answered")

_OWN: Final = "{country_code}/{party_id}/{object_id}"


@dataclass(frozen=True, slots=True)
class Groupers:
    """One queue of pushes for each module; the loops behind them are the service's background."""

    locations: Grouper[Push, Result]
    statuses: Grouper[Push, Decided]
    tariffs: Grouper[Push, Result]
    tokens: Grouper[Push, Result]
    sessions: Grouper[Push, Result]
    cdrs: Grouper[Push, Result]
    invoices: Grouper[Push, Result]

    def of(self, module: str) -> Grouper[Push, Result]:
        """Return the queue of a module whose objects are in lists."""
        queues = (self.locations, self.tariffs, self.tokens, self.sessions, self.cdrs, self.invoices)
        return dict(zip(("locations", "tariffs", "tokens", "sessions", "cdrs", INVOICES), queues, strict=True))[module]

    def all(self) -> tuple[Grouper[Push, Any], ...]:
        """Return them all, to be run."""
        objects = (self.locations, self.tariffs, self.tokens, self.sessions, self.cdrs, self.invoices)
        return (self.statuses, *objects)


def groupers(
    transactions: Transactions,
    vault: Vault,
    settings: GatewaySettings,
    on_committed: Callable[[], None] = lambda: None,
) -> Groupers:
    """Return the queues, wired to their decisions; `on_committed` is called after each commit."""

    def of(module: Module) -> Grouper[Push, Result]:
        return grouper(Pushers(module.name).noticing(Pipeline(module, vault).decide))

    def grouper(decide: Callable[[Work, Sequence[Push]], Awaitable[Sequence[Answered]]]) -> Grouper[Push, Answered]:
        return Grouper(
            transactions,
            decide,
            max_batch_requests=settings.grouping.max_batch_requests,
            max_wait_milliseconds=settings.grouping.max_wait_milliseconds,
            max_queue_requests=settings.grouping.max_queue_requests,
            on_committed=on_committed,
        )

    return Groupers(
        locations=of(locations.module(settings.inbound.max_evses)),
        statuses=grouper(Pushers("locations").noticing(StatusUpdates().decide)),
        tariffs=of(TARIFFS),
        tokens=of(TOKENS),
        sessions=of(sessions.module(settings.inbound.max_charging_periods)),
        cdrs=of(cdrs.module(settings.inbound)),
        invoices=of(INVOICE_MODULE),
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is put together from.

    Attributes:
        engine: For reads.
        authorize: The endpoint of real-time authorization.
        or_relayed: Makes an endpoint of one location ask its owner for what is not held here.
        others: Further routes, such as those of credentials; versions list them all.
    """

    engine: AsyncEngine
    vault: Vault
    agreements: Agreements
    groupers: Groupers
    settings: GatewaySettings
    front: Front
    authorize: Endpoint
    or_relayed: Callable[[Endpoint], Endpoint] = lambda endpoint: endpoint
    others: Sequence[Route] = ()


def all_routes(parts: Parts) -> list[Route]:
    """Return every route that partners reach with a token, the busiest first, for they are tried in order."""
    settings = parts.settings
    desk = Desk(parts.agreements, settings.gateway.party, settings.inbound)
    counts = Counts(parts.engine, settings.lists, time.monotonic)
    base_url = settings.gateway.public_url
    rooms = _Rooms(
        parts,
        desk,
        Views(
            parts.engine,
            parts.vault,
            desk,
            base_url,
            counts,
            settings.lists.max_page_bytes,
            settings.pulls.patience_seconds,
        ),
        Report(parts.engine, parts.vault, settings.inbound, base_url),
    )
    routes = [
        *(each for version in MAPPINGS for each in rooms.pushes(version)),
        *(each for version in MAPPINGS for each in rooms.reads(version)),
        *parts.others,
    ]
    return [*routes, *version_routes(parts.front, base_url, routes)]


def application(parts: Parts) -> ASGIApp:
    """Return the ASGI application."""
    front, routes = parts.front, all_routes(parts)
    router = Router(
        routes=[*routes, openapi_route(routes, parts.settings.gateway.public_url)],
        redirect_slashes=False,
        default=nothing_here(refusal(front.clock, front.retry_after_seconds)),
    )

    async def unslashed(scope: Scope, receive: Receive, send: Send) -> None:
        # Examples of the text have a slash at the end of paths, its definitions have none, and some partners add one.
        path = scope["path"]
        is_slashed = scope.get("raw_path", path.encode()).endswith(b"/")
        await router({**scope, "path": path.rstrip("/")} if is_slashed else scope, receive, send)

    return unslashed


@dataclass(frozen=True, slots=True)
class _Rooms:
    """Makes the routes of each version; what is behind them is the same."""

    parts: Parts
    desk: Desk
    views: Views
    report: Report

    def pushes(self, version: Version) -> list[Route]:
        """Return what owners push to, and read their objects back from."""
        desk, groups, views = self.desk, self.parts.groupers, self.views
        cdrs = Cdrs(desk, groups.cdrs, self.parts.settings.gateway.public_url)
        session, token = Sessions(desk, groups.sessions), Tokens(desk, groups.tokens)
        location, tariff = Locations(desk, groups.locations, groups.statuses), Tariffs(desk, groups.tariffs)
        place = {"GET": views.own("locations"), "PUT": location.put, "PATCH": location.patch}
        sessions = {"GET": views.own("sessions"), "PUT": session.put, "PATCH": session.patch}
        tokens = {"GET": views.own("tokens"), "PUT": token.put, "PATCH": token.patch}
        tariffs = {"GET": views.own("tariffs"), "PUT": tariff.put, "DELETE": tariff.delete}
        return [
            self._route(version, "receiver/cdrs", {"POST": cdrs.post}),
            self._route(version, f"receiver/sessions/{_OWN}", sessions),
            self._route(version, f"receiver/locations/{_OWN}/{{evse_uid}}", place),
            self._route(version, f"receiver/locations/{_OWN}/{{evse_uid}}/{{connector_id}}", place),
            self._route(version, f"receiver/locations/{_OWN}", place),
            self._route(version, f"receiver/tokens/{_OWN}", tokens),
            self._route(version, f"receiver/tariffs/{_OWN}", tariffs),
            self._route(version, "receiver/cdrs/{cso}/{cdr_id:path}", {"GET": views.own_cdr}),
            *(self._invoices(version) if INVOICES in MAPPINGS[version] else ()),
        ]

    def _invoices(self, version: Version) -> list[Route]:
        invoice = Invoices(self.desk, self.parts.engine, self.parts.groupers.invoices)
        own = {"GET": self.views.own_invoice, "PUT": invoice.put, "DELETE": invoice.delete}
        return [
            self._route(version, f"receiver/{INVOICES}", {"POST": invoice.post}),
            self._route(version, f"receiver/{INVOICES}/{_OWN}", own),
        ]

    def reads(self, version: Version) -> list[Route]:
        """Return what partners ask and read."""
        modules = [module for module in MODULES if module in MAPPINGS[version]]
        place = {"GET": self.parts.or_relayed(self.views.one_location)}
        return [
            self._route(version, "sender/tokens/{uid}/authorize", {"POST": self.parts.authorize}),
            *(self._route(version, f"sender/{each}", {"GET": self.views.listed(each)}) for each in modules),
            self._route(version, "sender/locations/{object_id}", place),
            self._route(version, "sender/locations/{object_id}/{evse_uid}", place),
            self._route(version, "sender/locations/{object_id}/{evse_uid}/{connector_id}", place),
            self._route(version, "reports/refusals", {"GET": self.report.get}),
        ]

    def _route(self, version: Version, path: str, methods: Mapping[str, Endpoint]) -> Route:
        return route(f"{version.root}/{path}", self.parts.front, methods, version=version)
