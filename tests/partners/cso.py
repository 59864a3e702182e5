"""The stand-in visited-CSO: publishes, asks for authorization, reports sessions, obeys commands, posts CDRs.

Run it with `python -m tests.partners.cso`; `--help` lists the options.
"""

import secrets
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.partners import charging, remote, serving
from tests.partners.control import Refused, outcome, owned_url, put_owned
from tests.partners.partner import Partner

RECEIVES = ("tokens", *remote.MODULES)
SENDS = ("locations", "tariffs", "sessions", "cdrs")
LOCATION_ID = "LOC1"
TARIFF_ID = "TARIFF1"


class Charger:
    """The CSO's running sessions, by id."""

    def __init__(self) -> None:
        self.charges: dict[str, charging.Charge] = {}

    async def publish_location(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"id"?, "tariff_id"?, "changes"?}`: push a location."""
        location_id = order.get("id", LOCATION_ID)
        value = charging.location(
            partner.party, location_id, order.get("tariff_id", TARIFF_ID), _now(), partner.version
        )
        return await put_owned(partner, "locations", location_id, value | order.get("changes", {}))

    async def publish_tariff(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"id"?, "changes"?}`: push a tariff."""
        tariff_id = order.get("id", TARIFF_ID)
        value = charging.tariff(partner.party, tariff_id, _now(), partner.version)
        return await put_owned(partner, "tariffs", tariff_id, value | order.get("changes", {}))

    async def authorize(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"uid", "type"?, "location_id"?, "evse"?}`: ask the platform, as if a card were held to a charger."""
        uid, kind = order["uid"], order.get("type", "RFID")
        location_id = order.get("location_id", LOCATION_ID)
        body = {"location_id": location_id, "evse_uids": [charging.evse_uid(location_id, order.get("evse", 1))]}
        url = f"{partner.platform.url('tokens', 'SENDER')}/{uid}/authorize?type={kind}"
        started = time.monotonic()
        return outcome(await partner.platform.request("POST", url, body, module="tokens"), started, body)

    async def start_session(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"token", "id"?, "evse"?, "minutes_ago"?, "auth_method"?, "reference"?}`: a session starts."""
        charge = charging.Charge(
            session_id=order.get("id") or f"S-{secrets.token_hex(6)}",
            token=order["token"],
            auth_method=order.get("auth_method", "AUTH_REQUEST"),
            reference=order.get("reference"),
            location_id=order.get("location_id", LOCATION_ID),
            evse=int(order.get("evse", 1)),
            tariff_id=order.get("tariff_id", TARIFF_ID),
            started_at=_now() - timedelta(minutes=float(order.get("minutes_ago", 60))),
        )
        return await self._push_session(partner, charge)

    async def update_session(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"id", "kwh"}`: the session goes on (PATCH)."""
        charge = self._charge(order["id"]).progressed(Decimal(str(order["kwh"])))
        self.charges[charge.session_id] = charge
        whole = charging.session(partner.party, charge, _now(), partner.version)
        partner.publish("sessions", charge.session_id, whole)
        change = {name: whole[name] for name in ("kwh", "total_cost", "last_updated")}
        url, started = owned_url(partner, "sessions", charge.session_id), time.monotonic()
        return outcome(await partner.platform.request("PATCH", url, change, module="sessions"), started, change)

    async def end_session(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"id", "kwh", "minutes"}`: the session ends so long after its start (PUT)."""
        charge = self._charge(order["id"])
        ended_at = charge.started_at + timedelta(minutes=float(order["minutes"]))
        return await self._push_session(partner, charge.progressed(Decimal(str(order["kwh"])), ended_at))

    async def post_cdr(self, partner: Partner, order: dict[str, Any]) -> Any:
        """`{"session_id", "id"?, "changes"?, "without"?, "dry"?}`: bill a session; fields changed or left out."""
        value = self._cdr(partner, order) | order.get("changes", {})
        for name in order.get("without", ()):
            value.pop(name)
        if order.get("dry"):
            return {"sent": value}
        partner.publish("cdrs", value["id"], value)
        started = time.monotonic()
        url = partner.platform.url("cdrs", "RECEIVER")
        return outcome(await partner.platform.request("POST", url, value, module="cdrs"), started, value)

    def _cdr(self, partner: Partner, order: dict[str, Any]) -> charging.Object:
        charge = self._charge(order["session_id"])
        place = partner.published["locations"][charge.location_id]
        used = partner.published["tariffs"][charge.tariff_id]
        cdr_id = order.get("id") or f"CDR-{charge.session_id}"
        return charging.cdr(partner.party, charge, cdr_id, place, used, _now())

    async def _push_session(self, partner: Partner, charge: charging.Charge) -> Any:
        self.charges[charge.session_id] = charge
        value = charging.session(partner.party, charge, _now(), partner.version)
        return await put_owned(partner, "sessions", charge.session_id, value)

    def _charge(self, session_id: str) -> charging.Charge:
        if session_id not in self.charges:
            message = f"no session {session_id}"
            raise Refused(message)
        return self.charges[session_id]


def _now() -> datetime:
    return datetime.now(UTC)


def main() -> None:
    """Run the CSO until it is told to stop."""
    charger = Charger()
    stations = remote.Stations(charger.start_session)
    options = serving.arguments(__doc__ or "", "FR-CSO")
    acts = {
        "/locations": charger.publish_location,
        "/tariffs": charger.publish_tariff,
        "/authorize": charger.authorize,
        "/sessions/start": charger.start_session,
        "/sessions/update": charger.update_session,
        "/sessions/end": charger.end_session,
        "/cdrs": charger.post_cdr,
        "/stations": stations.order,
    }
    serving.serve(options, "CPO", (RECEIVES, SENDS), stations.routes, acts)


if __name__ == "__main__":
    main()
