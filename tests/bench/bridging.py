"""Measures the mapping of CDRs on one core: body read, checked, made into its event, and written in another version.

Bare is what reading and writing the same JSON costs alone. Seconds are those of the clock; by those of the core, where
others on the machine do not count, it is told besides. Encoding the event for Kafka is no part of the mapping
and is told by itself, too.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from typing import Any, Final, NamedTuple

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
    event, _ = mapped(body)
    told, bare = [], []
    for _ in range(runs):
        told.append(_a_second(lambda: mapped(body)))
        bare.append(_a_second(lambda: documents.render(documents.parse(body, documents.STORED_DEPTH))))
    avro = [_a_second(lambda: codec.encode(event.topic, event.value)) for _ in range(runs)]
    of_large = [_a_second(lambda: mapped(large)) for _ in range(runs)]
    more = {
        "by_core_seconds": round(median(each.of_core for each in told), 1),
        "body_bytes": len(body),
        "avro_events_per_second": round(median(each.of_clock for each in avro), 1),
        "large_body_bytes": len(large),
        "of_large_bodies": round(median(each.of_clock for each in of_large), 1),
        "bare_runs": [round(each.of_clock, 1) for each in bare],
    }
    rates = [each.of_clock for each in told]
    without = median(each.of_clock for each in bare)
    return Figure("bridge", "CDRs/s", rates, bare=without, goal="at least 5,000", more=more)


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


class Rate(NamedTuple):
    """How many a second, by the seconds of the clock and by those of the core."""

    of_clock: float
    of_core: float


def _a_second(work: Callable[[], Any]) -> Rate:
    began, core = time.perf_counter(), time.process_time()
    for _ in range(CDRS):
        work()
    return Rate(CDRS / (time.perf_counter() - began), CDRS / (time.process_time() - core))
