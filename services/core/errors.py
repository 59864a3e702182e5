"""The kinds of failure that the shell tells apart; a business answer is never one of them."""


class RoamwattError(Exception):
    """Base of all errors that Roamwatt raises on purpose; its text is safe to log and to show."""


class BadContent(RoamwattError):
    """Content that can never be processed as it is: refused to its sender, or dead-lettered."""


class TooLarge(BadContent):
    """An event or a body over its bound."""


class Unavailable(RoamwattError):
    """A part of the infrastructure is away; the same again may succeed later."""


class Halted(RoamwattError):
    """What Kafka and PostgreSQL say does not agree; the service stopped so that an operator can choose."""


class Forbidden(RoamwattError):
    """The caller may not do this."""


class NotFound(RoamwattError):
    """There is no such object."""


class Conflict(RoamwattError):
    """The same id was used before with other content."""
