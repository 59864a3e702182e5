"""Structured logs, for machines (JSON) or people (console), that show neither secrets nor personal data.

Only plain values are shown: of bytes the length, of any other object its type. What stands under a telling name
(`_HIDDEN`) is not shown at all. The text of an exception is shown only where it is known to be safe.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import Any, Final, cast
from uuid import UUID

import structlog
from aiokafka.errors import KafkaError
from pydantic import SecretBytes, SecretStr
from sqlalchemy.exc import DBAPIError
from structlog.typing import FilteringBoundLogger, Processor

from services.core.errors import RoamwattError
from services.runtime.settings import LogSettings

_REDACTED: Final = "[redacted]"
_HIDDEN: Final = frozenset(
    {
        "authorization",
        "body",
        "contract_id",
        "cookie",
        "credential",
        "key_material",
        "master_key",
        "parameters",
        "params",
    }
    | {"password", "payload", "private_key", "sealed", "secret", "token", "uid", "url", "value", "visual_number"}
)
_HIDDEN_ENDINGS: Final = ("_token", "_password", "_secret", "_uid", "_body", "_authorization")
_SHOWN: Final = frozenset({"evse_uid"})
_PLAIN: Final = (str, int, float, Decimal, UUID, date, timedelta, PurePath)
_MAX_DEPTH: Final = 4
_MAX_TEXT_CHARACTERS: Final = 2_000
_MAX_FRAMES: Final = 15

_LEVELS: Final = {"uvicorn": "WARNING", "aiokafka": "WARNING", "faststream": "WARNING", "sqlalchemy": "WARNING"}
# SQLSTATE classes whose messages speak of the server, never of a row's content.
_SERVER_CLASSES: Final = frozenset({"", "08", "25", "28", "3D", "40", "53", "55", "57", "58"})


def configure(settings: LogSettings, service: str) -> None:
    """Send everything, the libraries' logging too, to standard error in one form."""
    structlog.contextvars.clear_contextvars()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _logger, _method, event: {"service": service, **event},
        redact,
    ]
    last: Processor = structlog.processors.JSONRenderer(default=repr, ensure_ascii=False)
    if settings.format == "console":
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    _route_libraries(settings.level, shared, last)


def logger(name: str) -> FilteringBoundLogger:
    """Return the logger of a module; events are short sentences, what varies goes in keyword arguments."""
    return cast(FilteringBoundLogger, structlog.get_logger(module=name.removeprefix("services.")))


def library_logger() -> logging.Logger:
    """Return the logger to hand to FastStream, which otherwise makes one of its own that logs each message."""
    return logging.getLogger("faststream")


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Return the log entry with what it may show, as a structlog processor."""
    error = event.pop("exc_info", None)
    entry = {name: _shown(name, value, _MAX_DEPTH) for name, value in event.items()}
    if error := _exception(error):
        entry["exception"] = describe(error)
        entry["frames"] = frames(error.__traceback__)
    return entry


def describe(error: BaseException) -> str:
    """Return an exception in a line: its type, and its text where that cannot hold anybody's data."""
    name = type(error).__name__
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return f"{name}: {error.orig}" if state[:2] in _SERVER_CLASSES else f"{name} (SQLSTATE {state})"
    if isinstance(error, RoamwattError | OSError | KafkaError) and str(error):
        return f"{name}: {error}"[:_MAX_TEXT_CHARACTERS]
    return name


def frames(trace: TracebackType | None) -> list[str]:
    """Return where an exception passed, innermost last, without any value."""
    summary = traceback.extract_tb(trace)[-_MAX_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in summary]


def _shown(name: str, value: Any, depth: int) -> Any:
    if name.lower() not in _SHOWN and (name.lower() in _HIDDEN or name.lower().endswith(_HIDDEN_ENDINGS)):
        return _REDACTED
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return _shown(name, value.value, depth)
    if isinstance(value, _PLAIN):
        return str(value)[:_MAX_TEXT_CHARACTERS]
    return _outline(name, value, depth)


def _outline(name: str, value: Any, depth: int) -> Any:
    if isinstance(value, BaseException):
        return describe(value)
    if isinstance(value, SecretStr | SecretBytes):
        return _REDACTED
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if depth and isinstance(value, Mapping):
        return {str(key): _shown(str(key), each, depth - 1) for key, each in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_shown(name, each, depth - 1) for each in value]
    return f"<{type(value).__name__}>"


def _exception(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return cast(BaseException | None, given[1])
    return sys.exc_info()[1] if given else None


def _from_library(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["module"] = event["_record"].name
    # asyncio writes an exception's text on the second line
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _route_libraries(level: str, shared: list[Processor], last: Processor) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_from_library, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, least in _LEVELS.items():
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
        library.setLevel(least)
