"""What tests on the real Kafka and PostgreSQL share.

Fixtures (in `tests.support.fixtures`, known everywhere below `tests/`):

- `cluster`: one real Kafka and one real PostgreSQL for the whole run of pytest (about 6 s, started on first use).
  `cluster.bootstrap_servers`, `cluster.kafka`, `cluster.postgres` (start, stop, kill; whoever stops one starts it again
  before the test ends), `await cluster.create_topics({"name": partitions})`.
- `database_url`: a fresh, empty database for one test (0.1 s), gone afterwards: `postgresql://...`.
- `databases`: `databases.url(settings, service)` is a database with a service's tables and no rows (0.02 s); all tests
  use the same one, in turn. Take it rather than `database_url` where a service is tested that is not started.
- `topic_prefix`: a string that no other test has, for topic, group and transactional names of one test.
- `own_cluster`: a Kafka and a PostgreSQL for one test alone, for tests that wipe or restore them (6 s: use sparingly).
- `deployment` (in `tests.support.deployment`, known everywhere as well): the whole platform running for the session, as
  processes of its own: `services.runtime.embedded.deployment.Deployment`. Time-outs after which somebody is
  taken for dead are short there.

Helpers: `tests.support.waiting.eventually(condition)` awaits a condition instead of sleeping.
"""
