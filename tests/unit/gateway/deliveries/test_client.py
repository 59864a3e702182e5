"""Whom the client trusts while a partner's authorities are renewed; its exchanges are tested over real TLS."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from services.gateway.deliveries.client import PartnerClient
from services.gateway.deliveries.requests import Fetched
from services.gateway.settings import ClientSettings
from tests.partners.certificates import make

REQUEST: Any = SimpleNamespace(
    platform="FR-SUN", options=SimpleNamespace(min_tls="1.3"), renewable=False, understood=lambda answer: answer
)


class Refusing(PartnerClient):
    """A client whose partner shows another certificate than the file said when the client started."""

    def __init__(self, folder: Path) -> None:
        super().__init__(ClientSettings(authorities_seconds=3600), None, folder)
        self.former = self._authorities.context("FR-SUN", "1.3")
        self.tries = 0

    async def _exchange(self, request: Any, limits: aiohttp.ClientTimeout, max_bytes: int) -> Fetched:
        self.tries += 1
        if self._authorities.context(request.platform, "1.3") is self.former:
            key: Any = SimpleNamespace(ssl=None, host="x", port=1, is_ssl=True)
            raise aiohttp.ClientConnectorCertificateError(key, OSError("unknown authority"))
        return Fetched(None, 200, b"{}", {}, None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "FR-SUN.pem"
    found.write_bytes(make(tmp_path / "made", "Sun")[0].read_bytes())
    return found


async def test_a_certificate_that_is_not_accepted_is_tried_again_with_authorities_renewed_meanwhile(file: Path) -> None:
    client = Refusing(file.parent)
    os.utime(file, (1, 1))
    assert (await client.fetch(REQUEST, 1, 1)).http_status == 200
    assert client.tries == 2


async def test_where_they_are_the_same_it_is_refused_at_once(file: Path) -> None:
    client = Refusing(file.parent)
    refused = await client.fetch(REQUEST, 1, 1)
    assert refused.failed is not None
    assert "certificate was not accepted" in refused.failed.message
    assert client.tries == 1
