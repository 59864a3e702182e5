"""The tariffs that a CDR names."""

from collections.abc import Iterator

from services.clearing.audit.cases import Case
from services.clearing.audit.codes import Code
from services.clearing.audit.facts import Source
from services.clearing.audit.findings import Finding, find


def named(case: Case) -> Iterator[Finding]:
    """Find a CDR that names no tariff, or one that nobody knows. OCPI mod_cdrs, CDR object: tariffs are optional."""
    claim = case.claim
    if not claim.tariff_names:
        yield find(Code.TARIFF_NOT_NAMED)
    elif Source.TARIFFS in case.facts.sources:
        unknown = [claim.tariff_names[name] for name in claim.tariffs_to_find if name not in case.facts.tariffs]
        if unknown:
            yield find(Code.TARIFF_NOT_FOUND, tariffs=", ".join(unknown))
