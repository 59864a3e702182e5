import os
import ssl
from pathlib import Path

import pytest

from services.gateway.deliveries.authorities import Authorities
from services.runtime.settings import SettingsError
from tests.partners.certificates import make


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def authorities(tmp_path: Path, clock: Clock) -> Authorities:
    return Authorities(None, tmp_path, 1.0, clock)


def test_a_partner_without_a_file_of_its_own_has_the_usual_ones(authorities: Authorities) -> None:
    usual, older = authorities.context("FR-SUN", "1.3"), authorities.context("FR-SUN", "1.2")
    assert authorities.context("NL-CSP", "1.3") is usual
    assert (usual.minimum_version, older.minimum_version) == (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2)


def test_a_file_is_looked_at_again_after_a_while(authorities: Authorities, tmp_path: Path, clock: Clock) -> None:
    usual, file = authorities.context("FR-SUN", "1.3"), tmp_path / "FR-SUN.pem"
    file.write_bytes(make(tmp_path / "made", "Sun")[0].read_bytes())
    assert authorities.context("FR-SUN", "1.3") is usual
    clock.now = 1.0
    own = authorities.context("FR-SUN", "1.3")
    assert own is not usual
    assert authorities.context("NL-CSP", "1.3") is usual
    clock.now = 2.0
    assert authorities.context("FR-SUN", "1.3") is own
    os.utime(file, (1, 1))
    assert authorities.context("FR-SUN", "1.3") is own
    clock.now = 3.0
    assert authorities.context("FR-SUN", "1.3") is not own
    file.unlink()
    clock.now = 4.0
    assert authorities.context("FR-SUN", "1.3") is usual


def test_a_file_without_certificates_is_said_to_be_one(authorities: Authorities, tmp_path: Path) -> None:
    (tmp_path / "FR-SUN.pem").write_text("nothing")
    for _ in range(2):
        with pytest.raises(SettingsError):
            authorities.context("FR-SUN", "1.3")


def test_a_file_that_was_renewed_a_moment_ago_is_found_when_it_is_asked_for(
    authorities: Authorities, tmp_path: Path
) -> None:
    file = tmp_path / "FR-SUN.pem"
    file.write_bytes(make(tmp_path / "made", "Sun")[0].read_bytes())
    former = authorities.context("FR-SUN", "1.3")
    assert not authorities.renewed("FR-SUN", "1.3")
    os.utime(file, (1, 1))
    assert authorities.context("FR-SUN", "1.3") is former
    assert authorities.renewed("FR-SUN", "1.3")
    assert authorities.context("FR-SUN", "1.3") is not former
    assert not authorities.renewed("NL-CSP", "1.3")
