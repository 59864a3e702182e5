import ssl

import pytest
from pydantic import SecretStr

from services.runtime.kafka_options import client_options
from services.runtime.settings import KafkaSettings


def test_plain_connection_has_no_secrets() -> None:
    options = client_options(KafkaSettings(bootstrap_servers="a:1,b:2"))
    assert options["bootstrap_servers"] == ["a:1", "b:2"]
    assert options["security_protocol"] == "PLAINTEXT"
    assert not [name for name in options if name.startswith(("sasl", "ssl"))]


def test_tls_checks_the_servers_name() -> None:
    context = client_options(KafkaSettings(security_protocol="SSL"))["ssl_context"]
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_sasl_takes_its_credentials(protocol: str) -> None:
    given = {"security_protocol": protocol, "sasl_username": "me", "sasl_password": SecretStr("pw")}
    options = client_options(KafkaSettings.model_validate(given))
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("me", "pw")
    assert ("ssl_context" in options) is (protocol == "SASL_SSL")
