"""What the Kafka settings mean to aiokafka's clients, said once."""

import ssl
from typing import Any

from services.runtime.security import client_context
from services.runtime.settings import KafkaSettings


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return the keyword arguments that aiokafka's producer, consumer and admin client have in common.

    Raises:
        services.runtime.settings.SettingsError: when a certificate or key file cannot be read.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "client_id": settings.client_id,
        "request_timeout_ms": settings.request_timeout_milliseconds,
        "retry_backoff_ms": settings.retry_backoff_milliseconds,
        "metadata_max_age_ms": settings.metadata_max_age_milliseconds,
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol.endswith("SSL"):
        options["ssl_context"] = client_context(
            settings.ca_file, settings.certificate_file, settings.key_file, minimum_version=ssl.TLSVersion.TLSv1_2
        )
    if settings.security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = settings.sasl_password.get_secret_value() if settings.sasl_password else None
    return options
