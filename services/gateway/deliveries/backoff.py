"""How long to wait before the next try."""


def pause_seconds(tries: int, least_seconds: float, most_seconds: float, jitter: float) -> float:
    """Return the pause after a number of failed tries: doubling, bounded, and spread so that retries do not meet.

    Args:
        tries: How many tries have failed, from 1.
        least_seconds: The full pause after the first.
        most_seconds: No full pause is longer.
        jitter: A random number from 0 up to 1; the pause is between half and all of the full one.
    """
    doublings = min(max(tries, 1) - 1, 64)
    full = min(most_seconds, least_seconds * 2.0**doublings)
    return full * (0.5 + 0.5 * jitter)
