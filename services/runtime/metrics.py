"""The catalogue of metrics: everything that a service counts, in one place.

Labels are bounded: topics, modules, partners and fixed codes; never a credential, a session or a CDR.
Times are in seconds. FastStream's own metrics (`faststream_*`) and the process's stand beside these in the registry.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

REGISTRY: Final = CollectorRegistry()
"""What `/metrics` shows."""

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
_SIZES: Final = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(f"roamwatt_{name}", meaning, labels, registry=REGISTRY)


def _gauge(name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(f"roamwatt_{name}", meaning, labels, registry=REGISTRY)


def _histogram(name: str, meaning: str, *labels: str, buckets: tuple[float, ...] = _FAST) -> Histogram:
    return Histogram(f"roamwatt_{name}", meaning, labels, buckets=buckets, registry=REGISTRY)


# The service as a whole. Alert on halted at once, on not ready after minutes.
READY = _gauge("ready", "1 while the service takes work, else 0; GET /ready says why not.")
HALTED = _gauge("halted", "1 while Kafka and PostgreSQL disagree and an operator has to choose (`roamwatt recover`).")
LOOP_RESTARTS = _counter("loop_restarts", "Background loops that ended or failed and were started again.", "loop")
TIMER_SECONDS = _histogram("timer_seconds", "Time that one act of a timer took.", "timer", buckets=_SLOW)
TIMER_FAILURES = _counter("timer_failures", "Acts of a timer that failed; the next one tries again.", "timer")

# The inbox: events read, each exactly once.
INBOX_RECORDS = _counter("inbox_records", "Records whose transaction committed.", "topic")
INBOX_BATCHES = _counter("inbox_batches", "Batches, by outcome: committed, dropped (not the owner), failed.", "outcome")
INBOX_BATCH_SECONDS = _histogram("inbox_batch_seconds", "Time from a batch's arrival to its commit.")
INBOX_BATCH_RECORDS = _histogram("inbox_batch_records", "Records in a batch.", buckets=_SIZES)
INBOX_DEAD_LETTERS = _counter("inbox_dead_letters", "Records that cannot be processed, by reason.", "topic", "reason")
INBOX_LAG_RECORDS = _gauge("inbox_lag_records", "Records behind the end of the partition.", "topic", "partition")
INBOX_WAITING = _gauge(
    "inbox_waiting", "1 while a partition waits for a release that knows a schema.", "topic", "partition"
)
INBOX_POLLING_AGE_SECONDS = _gauge("inbox_polling_age_seconds", "Time since the inbox last polled.")

# Transactions of everything but the inbox: requests, admin acts, timers.
TRANSACTIONS = _counter("transactions", "Transactions, by outcome: committed, refused, unavailable.", "outcome")
TRANSACTION_SECONDS = _histogram("transaction_seconds", "Time from begin to commit.")
GROUP_REQUESTS = _histogram("group_requests", "Requests that shared one transaction.", buckets=_SIZES)
GROUP_QUEUE_REQUESTS = _gauge("group_queue_requests", "Requests that wait for a transaction.")

# The outbox and its relay: events on their way to Kafka.
OUTBOX_APPENDED = _counter("outbox_appended", "Events appended by committed transactions.")
OUTBOX_ROWS = _gauge(
    "outbox_rows", "Events that wait to be published; at the setting's bound, works are refused.", "lane"
)
RELAY_PUBLISHED = _counter("relay_published", "Events published by committed Kafka transactions.", "lane")
RELAY_TRANSACTION_SECONDS = _histogram("relay_transaction_seconds", "Time that one Kafka transaction took.")
RELAY_LAG_ROWS = _gauge("relay_lag_rows", "Sequence numbers between the cursor and the lane's end.", "lane")
RELAY_LEASE = _gauge("relay_lease", "1 while this replica owns the lane.", "lane")
RELAY_RESTARTS = _counter("relay_restarts", "Producers thrown away after an error.", "lane")

# Requests over HTTPS; the listener is admin or public.
HTTP_REQUESTS = _counter("http_requests", "Requests answered.", "listener", "method", "status")
HTTP_REQUEST_SECONDS = _histogram("http_request_seconds", "Time to an answer's first byte.", "listener")
HTTP_REFUSED = _counter("http_refused", "Requests refused unseen: too_large, too_busy.", "listener", "reason")
HTTP_CONNECTIONS_REFUSED = _counter("http_connections_refused", "Connections closed: too_many, too_slow.", "reason")
REQUESTS_REFUSED = _counter(
    "requests_refused",
    "Requests of partners over a bound of their own: rate, concurrency, body; of unknown callers: failures, lookups.",
    "platform",
    "module",
    "reason",
)

# Direct traffic, which skips the outbox.
DIRECT_PUBLISHED = _counter("direct_published", "Events that Kafka acknowledged.", "topic")
DIRECT_PUBLISH_SECONDS = _histogram("direct_publish_seconds", "Time to Kafka's acknowledgement.")
DIRECT_PUBLISH_FAILURES = _counter("direct_publish_failures", "Events that were not acknowledged in time.", "topic")
DIRECT_PRODUCER_RESTARTS = _counter("direct_producer_restarts", "Producers thrown away after an error.")
DIRECT_RECORDS = _counter("direct_records", "Records, by outcome: handled, undecodable, given_up.", "topic", "outcome")
DIRECT_BATCH_FAILURES = _counter("direct_batch_failures", "Batches that failed and came again.", "topic")

# Authorization, from the visited-CSO's question to its answer.
AUTHORIZATION_SECONDS = _histogram("authorization_seconds", "Time from question to answer.", "result")
AUTHORIZATION_EXPIRED = _counter("authorization_expired", "Requests dropped after their deadline.", "stage")
AUTHORIZATION_PENDING = _gauge("authorization_pending", "Questions that wait for an answer.")

# Conversations that are relayed at once: commands, charging profiles and preferences, GETs to a named party.
CONVERSATIONS = _counter(
    "conversations", "Requests, by outcome: answered, timeout, unreachable and so on.", "module", "outcome"
)
CONVERSATION_RESULTS = _counter(
    "conversation_results", "Results, by outcome: delivered, refused, retry, given_up, none.", "module", "outcome"
)

# Clearing. Codes and severities are those of clearing's page; alert when disputed or rejected CDRs become more.
CDRS_CLEARED = _counter(
    "cdrs_cleared",
    "CDRs with a verdict, by their visited-CSO; rated: yes where we have our own price.",
    "partner",
    "verdict",
    "rated",
)
CDR_FINDINGS = _counter("cdr_findings", "Findings in cleared CDRs, and CDR_MISSING.", "code", "severity")
CDRS_MISSING = _counter(
    "cdrs_missing", "Sessions found without a CDR after the agreed time, by visited-CSO.", "partner"
)

# Deliveries to partners. A partner is a registered party.
DELIVERIES = _counter("deliveries", "Tries, by outcome: delivered, refused, retried, given_up.", "module", "outcome")
DELIVERY_SECONDS = _histogram("delivery_seconds", "Time from queued to delivered.", "module", buckets=_SLOW)
DELIVERIES_WAITING = _gauge("deliveries_waiting", "Deliveries in the queue.", "partner")
ANNOUNCEMENTS = _counter("announcements", "Partners told whom they reach, by outcome: told, failed.", "outcome")
CLIENTS = _gauge("clients", "Parties by the status of their connection, each role of a party counted.", "status")
PROBES = _counter("probes", "Probes of partners that were silent, by outcome: alive, silent.", "outcome")
CIRCUIT_OPEN = _gauge("circuit_open", "1 while nothing is sent to a partner that failed too often.", "partner")

# Pulling partners' lists.
PULL_PAGES = _counter("pull_pages", "Pages asked for, by outcome: read, failed.", "module", "outcome")
PULL_OBJECTS = _counter(
    "pull_objects", "Objects of pages: new, changed, same, stale, wrong, strange, removed.", "module", "fate"
)
PULL_WALKS = _counter("pull_walks", "Walks over a list that came to its end.", "module", "kind")
PULLS_FAILING = _gauge("pulls_failing", "Lists whose last try failed.", "module")
PULLS_INCOMPLETE = _gauge("pulls_incomplete", "Lists that have never been walked to their end.", "module")
