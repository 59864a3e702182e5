"""Settings of what the gateway tells its partners of each other."""

from typing import Annotated

from pydantic import Field

from services.runtime.settings import Count, Group, Seconds


class AnnouncementSettings(Group):
    """Bounds of telling partners on OCPI 2.3.0, by a PUT of credentials, that other parties can be reached than before.

    Attributes:
        scan_seconds: How often the parties that each can reach are compared with those it was told of.
        settle_seconds: How long a change waits for others, so that they go out together.
        jitter_seconds: Up to so much more, so that one change does not renew all registrations at one moment.
        max_concurrent_platforms: Of one replica.
        lease_seconds: When another replica may try what one has begun; longer than a handshake can take.
        retry_min_seconds: The pause after the first failure; it doubles up to `retry_max_seconds`.
    """

    scan_seconds: Seconds = 5
    settle_seconds: Seconds = 5
    jitter_seconds: Annotated[float, Field(ge=0)] = 10
    poll_seconds: Seconds = 1
    max_concurrent_platforms: Count = 8
    lease_seconds: Seconds = 90
    retry_min_seconds: Seconds = 30
    retry_max_seconds: Seconds = 3_600
