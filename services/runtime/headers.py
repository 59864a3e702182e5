"""Record headers: CloudEvents 1.0 in Kafka's binary mode, and the two that tie hops of one conversation together.

Source: CloudEvents 1.0, Kafka protocol binding, "Binary Content Mode"; W3C Trace Context for `traceparent`.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from services.runtime.events import Event

ID: Final = "ce_id"
TYPE: Final = "ce_type"
SOURCE: Final = "ce_source"
TIME: Final = "ce_time"
SPECVERSION: Final = "ce_specversion"
CONTENT_TYPE: Final = "content-type"
CORRELATION_ID: Final = "correlation_id"
TRACEPARENT: Final = "traceparent"
DEADLINE: Final = "deadline"

Headers = list[tuple[str, bytes]]

_SPECVERSION: Final = (SPECVERSION, b"1.0")
_CONTENT_TYPE: Final = (CONTENT_TYPE, b"application/avro")


def for_event(event: Event, source: str) -> Headers:
    """Return the headers of an event's record.

    Args:
        event: The event; its topic is the CloudEvents type.
        source: The writing service as a URI reference, "/roamwatt/clearing" say (see `source_of`).
    """
    headers = [
        _SPECVERSION,
        (ID, str(event.id).encode()),
        (TYPE, event.topic.encode()),
        (SOURCE, source.encode()),
        (TIME, timestamp(event.occurred_at).encode()),
        _CONTENT_TYPE,
    ]
    if event.correlation_id:
        headers.append((CORRELATION_ID, event.correlation_id.encode()))
    if event.traceparent:
        headers.append((TRACEPARENT, event.traceparent.encode()))
    return headers


def source_of(service: str) -> str:
    """Return the CloudEvents source of what a service writes, a URI reference."""
    return f"/roamwatt/{service}"


@lru_cache(maxsize=1024)  # the events of one batch share their time
def timestamp(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC to the millisecond, as `ce_time` wants it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def deadline(moment: datetime) -> tuple[str, bytes]:
    """Return the header of an event that is of no use after a moment: conversations drop it then."""
    return DEADLINE, timestamp(moment).encode()


def is_expired(headers: Mapping[str, str], now: datetime) -> bool:
    """Tell whether a record's deadline, as `read` gives it, has passed; one that cannot be read counts as none."""
    try:
        return DEADLINE in headers and datetime.fromisoformat(headers[DEADLINE]) < now
    except (ValueError, TypeError):
        return False


def read(headers: Iterable[tuple[str, bytes | None]] | None) -> Mapping[str, str]:
    """Return a record's headers as text; one that has no value or is no UTF-8 is left out, of several the last counts.

    It never raises: a header that anybody can write must not stop a partition.
    """
    found: dict[str, str] = {}
    for name, value in headers or ():
        if value is None:
            continue
        try:
            found[name] = value.decode()
        except UnicodeDecodeError:
            continue
    return found
