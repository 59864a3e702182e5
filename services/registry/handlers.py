"""Events in: the registry reads no topic yet, since all that it knows is an operator's word."""

from collections.abc import Mapping

from services.runtime.work import Handler

HANDLERS: Mapping[str, Handler] = {}
