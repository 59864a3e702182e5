"""What the documents refer to is there: links and their headings, and every option in the partner's guide."""

import re
from pathlib import Path

import pytest

from services.gateway.partners.options import PartnerOptions
from services.gateway.settings import GatewaySettings
from services.runtime.embedded.layout import CHECKOUT
from tests.support.rules import RULES

GUIDE = CHECKOUT / "services" / "gateway" / "README.md"
FOLDERS = ("deploy", "schemas", "services")
DOCUMENTS = [CHECKOUT / "README.md", *(each for name in FOLDERS for each in sorted((CHECKOUT / name).rglob("*.md")))]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> set[str]:
    """The names that its headings have as link targets (GitHub's way)."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_links_lead_somewhere(document: Path) -> None:
    for path, anchor in LINK.findall(FENCED.sub("", document.read_text())):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{path} is not there"
        assert not anchor or anchor in anchors(target), f"{path}#{anchor} is no heading"


def test_the_code_that_the_overview_names_is_there() -> None:
    names = re.findall(r"`((?:\w+/)+\w+\.\w+)`", (CHECKOUT / "README.md").read_text())
    missing = {each for each in names if not any((root / each).is_file() for root in (CHECKOUT, CHECKOUT / "services"))}
    assert len(names) > 20
    assert not missing


STEPS = [
    step
    for way in ("The way of one authorization", "The way of one CDR")
    for step in re.split(
        r"^\d+\. ", (CHECKOUT / "README.md").read_text().partition(f"## {way}")[2].partition("\n## ")[0], flags=re.M
    )[1:]
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[:40])
def test_a_file_that_the_overview_names_alone_is_beside_one_of_its_step(step: str) -> None:
    folders = {Path(name).parent for name in re.findall(r"`((?:\w+/)+\w+\.py)`", step)}
    names = re.findall(r"`(\w+\.py)`", step)
    services = CHECKOUT / "services"
    assert not [name for name in names if not any((services / folder / name).is_file() for folder in folders)]


@pytest.mark.parametrize("service", ["authorization", "clearing", "gateway", "registry", "sessions"])
def test_every_service_has_the_same_rooms(service: str) -> None:
    rooms = {"__main__.py", "admin.py", "handlers.py", "settings.py", "tables.py", "migrations"}
    assert rooms <= {each.name for each in (CHECKOUT / "services" / service).iterdir()}


def test_decision_records_have_numbers_of_their_own() -> None:
    names = [each.name for each in (CHECKOUT / "deploy" / "decisions").glob("*.md")]
    numbers = [name[:4] for name in names]
    assert len(set(numbers)) == len(numbers), sorted(names)


@pytest.mark.parametrize("option", PartnerOptions.model_fields)
def test_the_guide_tells_of_every_option(option: str) -> None:
    assert f"`{option}`" in GUIDE.read_text()


def test_the_guide_tells_the_limits_that_are_set() -> None:
    section = GUIDE.read_text().partition("\n## Limits\n")[2].partition("\n## ")[0]
    settings = GatewaySettings()
    limits, inbound, https = settings.limits, settings.inbound, settings.https
    told = (
        limits.requests_per_minute, limits.handshakes_per_minute, limits.max_concurrent_requests,
        limits.failed_authentications_per_minute, inbound.max_body_bytes, inbound.default_page_rows,
        inbound.max_page_rows, inbound.max_json_depth, inbound.max_evses, inbound.max_charging_periods,
        https.max_header_bytes, https.max_connections, https.max_connections_per_address,
        https.max_concurrent_requests,
    )  # fmt: skip
    assert [each for each in told if f"{each:,}" not in section] == []


def test_the_guide_has_every_rule_that_tests_are_marked_with() -> None:
    section = GUIDE.read_text().partition("\n## Rule by rule\n")[2].partition("\n## ")[0]
    assert [int(each) for each in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)] == list(RULES)
