"""How a request over a bound is refused: counted, and with a time to come again."""

import math

from services.core.errors import RoamwattError
from services.runtime import metrics


class TooMany(RoamwattError):
    """More requests than one may make: HTTP 429 with `Retry-After`."""

    def __init__(self, message: str, wait_seconds: float = 0) -> None:
        super().__init__(message)
        self.retry_after_seconds = max(1, math.ceil(wait_seconds))


def count(reason: str, platform: str = "", module: str = "") -> None:
    """Count a refusal: of a platform, or of somebody unknown.

    Args:
        reason: rate, concurrency, body; of somebody unknown: failures, lookups.
        platform: Empty where nobody knows who called.
        module: What was called.
    """
    metrics.REQUESTS_REFUSED.labels(platform, module, reason).inc()
