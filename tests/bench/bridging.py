"""Measures the mapping of CDRs on one core: body read, checked, made into its event, and written in another version.

Bare is what reading and writing the same JSON costs alone. Encoding the event for Kafka is no part of the mapping; with
it the figure is told besides. Seconds are those of the core, so that others on the machine do not count.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from typing import Any, Final

from services.gateway.ocpi import documents
from services.gateway.ocpi.bridging import convert
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.versions import V2_2_1, V2_3_0
from services.gateway.states import State
from services.runtime.avro import Codec
from services.runtime.events import Event
from tests.bench.figures import Figure
from tests.bench.rig import CITY, cdr_body

CDRS: Final = 5_000
"""In each run."""
PERIODS: Final = 6
"""Charging periods, as many as the CDRs have that clearing is measured with."""

_ARRIVED: Final = datetime(2026, 6, 1, 9, tzinfo=UTC)
_OBJECTS: Final = mapping(V2_2_1, "cdrs")


def bridge(runs: int) -> Figure:
    """CDRs mapped a second, 2.2.1 to event to 2.3.0."""
    body = _body(PERIODS)
    large = cdr_body().encode()
    codec = Codec()

    def encoded() -> None:
        event, _ = mapped(body)
        codec.encode(event.topic, event.value)

    told, bare = [], []
    for _ in range(runs):
        told.append(_a_second(lambda: mapped(body)))
        bare.append(_a_second(lambda: documents.render(documents.parse(body, documents.STORED_DEPTH))))
    more = {
        "body_bytes": len(body),
        "with_avro": round(median(_a_second(encoded) for _ in range(runs)), 1),
        "large_body_bytes": len(large),
        "of_large_bodies": round(median(_a_second(lambda: mapped(large)) for _ in range(runs)), 1),
        "bare_runs": [round(each, 1) for each in bare],
    }
    return Figure("bridge", "CDRs/s", told, bare=median(bare), goal="at least 5,000", more=more)


def mapped(body: bytes) -> tuple[Event, bytes]:
    """Return the event of a CDR that came in 2.2.1, and the CDR as it goes out in 2.3.0."""
    document = documents.parse(body, documents.STORED_DEPTH)
    cdr = _OBJECTS.read(document)
    state = State(
        owner=str(CITY.cso),
        object_id=cdr["id"],
        audience="",
        receiver=str(CITY.csp),
        version=1,
        removed=False,
        last_updated=_ARRIVED,
        wire=cdr,
        pseudonym="pseudonym-1",
        sealed=body,
        correlation_id="bench",
        protocol=V2_2_1.name,
    )
    return _OBJECTS.event(state), documents.render(convert("cdrs", document, V2_2_1, V2_3_0))


def _body(periods: int) -> bytes:
    """The CDR that is posted elsewhere, with fewer charging periods."""
    whole: dict[str, Any] = json.loads(cdr_body(), parse_float=Decimal)
    whole["charging_periods"] = whole["charging_periods"][:periods]
    return documents.render(whole)


def _a_second(work: Callable[[], Any]) -> float:
    began = time.process_time()
    for _ in range(CDRS):
        work()
    return CDRS / (time.process_time() - began)
