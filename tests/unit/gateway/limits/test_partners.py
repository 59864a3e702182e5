import pytest

from services.gateway.limits.partners import Limits, module_of
from services.gateway.limits.refusing import TooMany
from services.gateway.partners.options import DEFAULT, PartnerOptions
from services.gateway.settings import LimitSettings
from services.runtime import metrics

SETTINGS = LimitSettings(requests_per_minute=2, handshakes_per_minute=1, max_concurrent_requests=3)


def limits(now: float = 0.0) -> Limits:
    return Limits(SETTINGS, 1_000, lambda: now)


def refused(platform: str, module: str, reason: str) -> float:
    labels = {"platform": platform, "module": module, "reason": reason}
    return metrics.REGISTRY.get_sample_value("roamwatt_requests_refused_total", labels) or 0.0


def test_each_module_of_each_partner_has_its_own_pace() -> None:
    bounds = limits()
    for platform in ("rate-a", "rate-b"):
        for module in ("cdrs", "tokens"):
            for _ in range(2):
                bounds.enter(platform, DEFAULT, module)()
            with pytest.raises(TooMany, match=f"{module}: more than 2 requests a minute") as caught:
                bounds.enter(platform, DEFAULT, module)
            assert caught.value.retry_after_seconds == 30
    assert refused("rate-a", "cdrs", "rate") == 1


def test_handshakes_have_a_bound_of_their_own() -> None:
    bounds = limits()
    bounds.enter("p", DEFAULT, "credentials")()
    with pytest.raises(TooMany):
        bounds.enter("p", DEFAULT, "credentials")


def test_as_many_at_once_as_allowed_and_one_more_when_one_has_left() -> None:
    bounds = limits()
    leave = [bounds.enter("at-once", DEFAULT, module) for module in "abc"]
    with pytest.raises(TooMany, match="3 requests under way") as caught:
        bounds.enter("at-once", DEFAULT, "d")
    assert caught.value.retry_after_seconds == 1
    other = bounds.enter("other", DEFAULT, "d")
    for each in (*leave, other):
        each()
    # What was refused for another reason took nothing of the pace.
    for _ in range(2):
        bounds.enter("at-once", DEFAULT, "d")()
    assert refused("at-once", "d", "concurrency") == 1


@pytest.mark.parametrize(("replicas", "per_minute", "at_once"), [(1, 5, 3), (2, 3, 2), (100, 1, 1)])
def test_each_of_several_replicas_grants_its_share(replicas: int, per_minute: int, at_once: int) -> None:
    settings = LimitSettings(replicas=replicas, requests_per_minute=5, max_concurrent_requests=3)
    bounds = Limits(settings, 1_000, lambda: 0.0)
    leave = [bounds.enter("p", PartnerOptions(requests_per_minute={"tokens": 600}), "tokens") for _ in range(at_once)]
    with pytest.raises(TooMany, match=f"{at_once} requests under way"):
        bounds.enter("p", DEFAULT, "cdrs")
    for each in leave:
        each()
    for _ in range(per_minute):
        bounds.enter("p", DEFAULT, "cdrs")()
    with pytest.raises(TooMany, match=f"more than {per_minute} requests a minute"):
        bounds.enter("p", DEFAULT, "cdrs")


def test_a_partners_own_options_count_first() -> None:
    own = PartnerOptions(requests_per_minute={"cdrs": 1}, max_concurrent_requests=1, max_body_bytes=5)
    bounds = limits()
    leave = bounds.enter("p", own, "cdrs")
    with pytest.raises(TooMany, match="under way"):
        bounds.enter("p", own, "cdrs")
    leave()
    with pytest.raises(TooMany, match="more than 1 requests"):
        bounds.enter("p", own, "cdrs")
    bounds.enter("p", own, "tokens")()
    assert (bounds.max_body_bytes(own), bounds.max_body_bytes(DEFAULT)) == (5, 1_000)


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("/ocpi/versions", "versions"),
        ("/ocpi/2.2.1", "versions"),
        ("/ocpi/2.3.0/credentials", "credentials"),
        ("/ocpi/2.2.1/receiver/locations/{country_code}/{party_id}/{object_id}", "locations"),
        ("/ocpi/2.3.0/sender/tokens/{uid}/authorize", "tokens"),
        ("/ocpi/2.2.1/reports/refusals", "reports"),
    ],
)
def test_modules_of_paths(path: str, module: str) -> None:
    assert module_of(path) == module
