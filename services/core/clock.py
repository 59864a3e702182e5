"""Times as the platform keeps them: aware datetimes in UTC, whole milliseconds."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

from services.core.errors import BadContent

_USUAL_LENGTH: Final = len("2015-06-29T20:39:09Z")
_USUAL_MARKS: Final = "--T::Z"
_FORM: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})?", re.ASCII | re.IGNORECASE
)
_UNKNOWN_AS_PRINTED: Final = "1970-1-1T00:00:00Z"
"""OCPI prints the time that nobody knows without leading zeros (mod_cdrs, CDR object): so it is sent too."""
_UNKNOWN: Final = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> datetime:
    """Return the machine's time, UTC, in whole milliseconds."""
    return milliseconds(datetime.now(UTC))


def milliseconds(time: datetime) -> datetime:
    """Return an aware time in UTC with everything below a millisecond cut off.

    Raises:
        BadContent: when the time has no zone, or lies outside the years 1 to 9999 in UTC.
    """
    if time.tzinfo is None:
        raise BadContent("time without a zone")
    try:
        utc = time.astimezone(UTC)
    except OverflowError as error:
        raise BadContent("time outside the years 1 to 9999") from error
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def parse_utc(text: str) -> datetime:
    """Return the time that an RFC 3339 text names; one without a zone is UTC, an offset is converted.

    Raises:
        BadContent: when it is not such a text or names no existing time.
    """
    # Nearly all times have this form, for which the library's own parser is exact and far quicker.
    if len(text) == _USUAL_LENGTH and text[4:20:3] == _USUAL_MARKS:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return _parse_any(text)
    return _parse_any(text)


def _parse_any(text: str) -> datetime:
    if text == _UNKNOWN_AS_PRINTED:
        return _UNKNOWN
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadContent("not a date and time of the form 2015-06-29T20:39:09Z")
    day, clock, fraction, zone = match.groups()
    offset = "+00:00" if zone is None or zone in "Zz" else zone
    try:
        # Leap seconds (…:60) do not exist in datetime and are refused here too.
        return milliseconds(datetime.fromisoformat(f"{day}T{clock}.{(fraction or '').ljust(6, '0')[:6]}{offset}"))
    except ValueError as error:
        raise BadContent("no such date or time") from error


def format_utc(time: datetime) -> str:
    """Return the time as text: `2015-06-29T20:39:09Z`, with milliseconds only where there are some.

    Raises:
        BadContent: when the time has no zone.
    """
    utc = milliseconds(time).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds") + "Z"


def in_zone(instant: datetime, zone: tzinfo) -> datetime:
    """Return an instant in local time; as it is where local time would lie beyond the years that a time can have.

    The last hours of the year 9999, which is what some write for no end, are of the next year elsewhere.
    """
    try:
        return instant.astimezone(zone)
    except OverflowError:
        return instant
