"""The tariffs that a CDR names: known, valid, readable, and as they were published."""

from collections.abc import Iterator
from datetime import datetime

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import same
from services.clearing.audit.codes import Code
from services.clearing.audit.facts import Source
from services.clearing.audit.findings import Finding, find
from services.clearing.rating.figures import figure
from services.clearing.rating.results import Rating
from services.clearing.rating.tariffs import UNITS, Component, Limit, Tariff
from services.clearing.rating.zones import zone_of


def named(case: Case) -> Iterator[Finding]:
    """Find a CDR that names no tariff, or one that nobody knows. OCPI mod_cdrs, CDR object: tariffs are optional."""
    claim = case.claim
    if not claim.tariff_names:
        yield find(Code.TARIFF_NOT_NAMED)
    elif Source.TARIFFS in case.facts.sources:
        unknown = [claim.tariff_names[name] for name in claim.tariffs_to_find if name not in case.facts.tariffs]
        if unknown:
            yield find(Code.TARIFF_NOT_FOUND, tariffs=", ".join(unknown))


def validity(case: Case) -> Iterator[Finding]:
    """Find a tariff that was not valid when what it prices began (OCPI mod_tariffs, Tariff object)."""
    for tariff in case.tariffs:
        published = case.facts.tariffs.get(same(tariff.tariff_id), tariff)
        # A copy may leave out until when its tariff was valid; the published one has it.
        for each in (tariff,) if published is tariff else (tariff, published):
            finding = _not_valid(case, each)
            if finding is not None:
                yield finding
                break


def _not_valid(case: Case, tariff: Tariff) -> Finding | None:
    if tariff.valid_from is None and tariff.valid_until is None:
        return None
    began = _began(case, tariff)
    early = tariff.valid_from is not None and began is not None and began < tariff.valid_from
    late = tariff.valid_until is not None and began is not None and began >= tariff.valid_until
    if not early and not late:
        return None
    numbers = {"begins": tariff.valid_from or "ever", "ends": tariff.valid_until or "ever"}
    return find(Code.TARIFF_NOT_VALID, tariff=tariff.tariff_id, began=began, **numbers)


def _began(case: Case, tariff: Tariff) -> datetime | None:
    """Return when the first part of the session began that the tariff prices; None where it prices none."""
    if len(case.tariffs) == 1:
        return case.claim.started_at
    for place, each in enumerate(case.periods):
        name = each.period.tariff_id
        if name is not None and same(name) == same(tariff.tariff_id):
            return case.claim.started_at if place == 0 else each.period.started_at
    return None


def readable(case: Case) -> Iterator[Finding]:
    """Find what OCPI does not know in a tariff (mod_tariffs, TariffDimensionType, TariffRestrictions)."""
    for tariff in case.tariffs:
        for element in tariff.elements:
            for reason in element.restrictions.unreadable:
                yield find(Code.RESTRICTION_UNKNOWN, tariff=tariff.tariff_id, reason=reason)
            for component in element.components:
                if component.component_type not in UNITS or (component.step_size or 0) <= 0:
                    numbers = {"component": component.component_type, "step": figure(component.step_size)}
                    yield find(Code.COMPONENT_UNKNOWN, tariff=tariff.tariff_id, **numbers)


def zone(case: Case) -> Iterator[Finding]:
    """Find a location whose time zone does not exist, so that nobody can tell its local time."""
    location = case.facts.location
    if location is not None and location.time_zone and zone_of(location.time_zone) is None:
        yield find(Code.TIME_ZONE_UNKNOWN, location=location.location_id, time_zone=location.time_zone)


def matching(case: Case) -> Iterator[Finding]:
    """Find a CDR of which no element prices anything: OCPI allows it, the session then costs nothing."""
    if not isinstance(case.rating, Rating):
        return
    priced = [part for part in case.rating.parts if part.tariff_id is not None]
    used = [part for part in priced if part.volume]
    if used and all(part.element is None for part in priced):
        tariffs = dict.fromkeys(part.tariff_id or "" for part in priced)
        dimensions = dict.fromkeys(part.dimension for part in used)
        yield find(Code.TARIFF_NEVER_MATCHES, tariffs=", ".join(tariffs), used=", ".join(dimensions))


def as_published(case: Case) -> Iterator[Finding]:
    """Find a copied tariff that has other prices or conditions than its CSO published."""
    for copy in case.claim.tariffs:
        published = case.facts.tariffs.get(same(copy.tariff_id))
        if published is not None:
            differences = "; ".join(_differences(copy, published))
            if differences:
                yield find(Code.TARIFF_DIFFERS, tariff=copy.tariff_id, differences=differences)


def _differences(copy: Tariff, published: Tariff) -> Iterator[str]:
    """Yield what differs in the price; when a tariff is valid does not matter once it was applied."""
    if copy.currency != published.currency:
        yield f"{copy.currency}, not {published.currency}"
    for name, ours, theirs in (
        ("least price", copy.min_price, published.min_price),
        ("highest price", copy.max_price, published.max_price),
    ):
        if ours != theirs:
            yield f"{name} {_limit(ours)}, not {_limit(theirs)}"
    if len(copy.elements) != len(published.elements):
        yield f"{len(copy.elements)} elements, not {len(published.elements)}"
        return
    for number, (element, other) in enumerate(zip(copy.elements, published.elements, strict=True), 1):
        if element.restrictions != other.restrictions:
            yield f"element {number} applies under other conditions"
        if list(element.components) != list(other.components):
            prices = ", ".join(map(_price, element.components)), ", ".join(map(_price, other.components))
            yield f"element {number} has {prices[0]}, not {prices[1]}"


def _limit(limit: Limit) -> str:
    return f"{figure(limit.excl_tax)} without and {figure(limit.incl_tax)} with tax"


def _price(component: Component) -> str:
    step = figure(component.step_size)
    tax = "included" if component.tax_inside else f"{figure(component.vat_percent)} %"
    return f"{component.component_type} {figure(component.price)} (tax {tax}, step {step})"
