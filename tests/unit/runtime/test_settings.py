from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from schemas.topics import load
from services.runtime.kafka_lane import CURSORS, SERVICES, cursor_partition
from services.runtime.settings import (
    AdminSettings,
    Count,
    DatabaseSettings,
    Group,
    HttpsSettings,
    InboxSettings,
    OutboxSettings,
    RuntimeSettings,
    SettingsError,
)


class OwnRules(Group):
    max_rows: Count = 3


class OwnSettings(RuntimeSettings):
    inbox: InboxSettings = InboxSettings(max_batch_records=7)
    own: OwnRules = OwnRules()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_database_url_is_turned_to_the_drivers_form(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROAMWATT_DATABASE__URL", f"{scheme}://me:pw@db:5432/roamwatt?sslmode=require")
    assert RuntimeSettings().database.url == "postgresql+psycopg://me:pw@db:5432/roamwatt?sslmode=require"


def test_existing_servers_by_two_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROAMWATT_KAFKA__BOOTSTRAP_SERVERS", "a:1,b:2")
    monkeypatch.setenv("ROAMWATT_DATABASE__URL", "postgresql://db/roamwatt")
    settings = RuntimeSettings()
    assert (settings.kafka.bootstrap_servers, settings.database.url) == ("a:1,b:2", "postgresql+psycopg://db/roamwatt")


def test_a_service_adds_groups_and_defaults_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROAMWATT_OWN__MAX_ROWS", "9")
    monkeypatch.setenv("ROAMWATT_INBOX__RECONCILE_SECONDS", "1.5")
    settings = OwnSettings()
    assert (settings.own.max_rows, settings.inbox.max_batch_records, settings.inbox.reconcile_seconds) == (9, 7, 1.5)


@pytest.mark.parametrize(
    ("variable", "value", "hint"),
    [
        ("ROAMWATT_DATABASE__URL", "mysql://root:hunter2@db/x", "must begin with postgresql://"),
        ("ROAMWATT_DATABASE__URL", "postgresql://root:hunter2@db", "must name a database"),
        ("ROAMWATT_RELAY__MAX_BATCH_ROWS", "hunter2", "valid integer"),
        ("ROAMWATT_RELAY__MAX_BATCH_ROWS", "0", "greater than 0"),
        ("ROAMWATT_KAFKA__BOOTSTRAP_SERVER", "hunter2", "not permitted"),
        ("ROAMWATT_ADMIN__TOKEN", "hunter2", "at least 16"),
        ("ROAMWATT_LOG__FORMAT", "hunter2", "'json' or 'console'"),
    ],
)
def test_errors_name_the_variable_and_show_no_value(
    variable: str, value: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as raised:
        RuntimeSettings()
    assert f"{variable}: " in str(raised.value)
    assert hint in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_a_group_given_as_one_text_is_an_error_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROAMWATT_KAFKA", "hunter2")
    with pytest.raises(SettingsError, match="ROAMWATT_KAFKA__CLIENT_ID"):
        RuntimeSettings()


def test_secrets_are_not_in_the_representation() -> None:
    settings = RuntimeSettings(
        database=DatabaseSettings(url="postgresql://me:hunter2@db/x"),
        admin=AdminSettings(token=SecretStr("hunter2-hunter2-hunter2")),
    )
    assert "hunter2" not in repr(settings)


def test_values_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(RuntimeSettings().inbox, "max_batch_records", 2)  # noqa: B010 - the type checker forbids the plain form


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ({"certificate_file": Path("c")}, "go together"),
        ({"public_port": 1}, "public_port needs"),
        ({"host": "0.0.0.0"}, "loopback"),
    ],
)
def test_listeners_are_not_opened_without_tls(values: dict[str, object], hint: str) -> None:
    with pytest.raises(ValidationError, match=hint):
        HttpsSettings.model_validate(values)


def test_listener_with_tls_may_be_anywhere() -> None:
    values = {"host": "0.0.0.0", "certificate_file": "c", "key_file": "k", "public_port": 0}
    assert HttpsSettings.model_validate(values).public_port == 0


def test_every_lane_that_may_be_set_has_its_partition_of_the_cursors() -> None:
    most = 4
    assert OutboxSettings(lanes=most).lanes == most
    with pytest.raises(ValidationError):
        OutboxSettings(lanes=most + 1)
    used = {cursor_partition(service, lane) for service in SERVICES for lane in range(most)}
    assert used == set(range(load()[CURSORS].partitions))
