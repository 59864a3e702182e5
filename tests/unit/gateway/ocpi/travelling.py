"""Objects on their way through the gateway: wire to event to wire, and from version to version."""

from datetime import UTC, datetime
from typing import Any, Final

from services.gateway.ocpi import documents
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.outgoing import to_wire
from services.gateway.ocpi.versions import Version
from services.gateway.states import State
from services.runtime.avro import Codec

MODULES: Final = ("locations", "tariffs", "tokens", "sessions", "cdrs")
_CODEC: Final = Codec()
_NOW: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)


def through_event(version: Version, module: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return an object after it was checked, published as an event, read back from it and sent on.

    What is sealed on topics stands open here: that seals open again is `test_vault`'s to show.
    """
    body = documents.render(document)
    objects = mapping(version, module)
    found = objects.read(documents.parse(body, documents.STORED_DEPTH))
    personal = module not in {"locations", "tariffs"}
    state = State(
        owner="FR-SUN",
        object_id="X1",
        audience="",
        receiver="NL-CSP",
        version=1,
        removed=False,
        last_updated=_NOW,
        wire=found,
        pseudonym="p-1",
        sealed=body if personal else b"",
        correlation_id="c",
        protocol=version.name,
        body=b"" if personal else body,
    )
    event = objects.event(state)
    value: Any = _CODEC.decode(event.topic, _CODEC.encode(event.topic, event.value))
    assert value.protocol == version.name
    return documents.parse(to_wire(value.sealed if personal else value.document), documents.STORED_DEPTH)
