"""Settings of knowing who is there."""

from services.runtime.settings import Count, Group, Seconds


class PresenceSettings(Group):
    """Bounds of knowing who is there, and of telling partners (hubclientinfo).

    Attributes:
        write_seconds: How often a replica writes whom it has heard.
        silence_seconds: A partner that was heard longer ago is probed by a GET of its versions.
        probe_seconds: The interval of its probes, give or take a quarter.
        probe_timeout_seconds: The longest wait for its answer.
        offline_probes: So many without an answer, in a row, make it OFFLINE.
        max_concurrent_probes: Of one replica.
        poll_seconds: How often a replica looks whom to probe.
        scan_seconds: How often the statuses of all parties are worked out, and who is to be told of them.
        max_told_rows: What one scan queues; the rest follows at once.
        max_foreign_clients: Parties of which one other hub may tell us.
    """

    write_seconds: Seconds = 5
    silence_seconds: Seconds = 300
    probe_seconds: Seconds = 60
    probe_timeout_seconds: Seconds = 5
    offline_probes: Count = 2
    max_concurrent_probes: Count = 8
    poll_seconds: Seconds = 1
    scan_seconds: Seconds = 5
    max_told_rows: Count = 1_000
    max_foreign_clients: Count = 10_000
