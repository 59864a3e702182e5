"""A report as data: what its JSON says, and what the text and the page are made of. The fields are in the README."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from services.clearing.audit.codes import Code, Severity
from services.clearing.audit.findings import Finding, Verdict
from services.clearing.explaining import explanation_of, shown, stored
from services.clearing.rating.figures import figure
from services.clearing.reporting.invoices import Compared
from services.clearing.reporting.judging import Judged, Terms
from services.clearing.reporting.run import Report
from services.clearing.reporting.summary import CodeTally, Groups, Summary, Tally
from services.clearing.reporting.worst import at_stake
from services.core.clock import format_utc

VERSION: Final = 1
"""Of the form of the data; a field more does not change it."""

MOST_LISTED: Final = 50
MOST_EXPLANATION_CHARACTERS: Final = 40_000
_SEVERITY_ORDER: Final = {severity: place for place, severity in enumerate(reversed(Severity))}


def as_data(report: Report, created_at: datetime) -> dict[str, Any]:
    """Return a report as JSON-able data; amounts are texts with all their digits."""
    summary = report.summary
    return {
        "report_version": VERSION,
        "created_at": format_utc(created_at),
        "file": _file(report),
        "terms": _terms(report.terms),
        "verdicts": {verdict.value: summary.verdicts.get(verdict, 0) for verdict in Verdict},
        "currencies": [{"currency": name} | _tally(tally) for name, tally in _by_cdrs(summary.currencies)],
        "codes": _codes(summary),
        "pairs": _groups(summary.pairs, ("visited_cso", "home_csp", "currency")),
        "tariffs": _groups(summary.tariffs, ("visited_cso", "tariff_id", "currency")),
        "places": _groups(summary.places, ("visited_cso", "location_id", "currency")),
        "days": [{"day": day, "currency": name} | _tally(tally) for (day, name), tally in sorted(summary.days.items())],
        "spread": [
            {"difference": label, "cdrs": cdrs}
            for label, cdrs in zip(summary.spread.LABELS, summary.spread.cdrs, strict=True)
        ],
        "worst": [
            {"currency": currency, "cases": [case(judged) for judged in cases]}
            for currency, cases in sorted(report.worst.items(), key=lambda each: -summary.currencies.of(each[0]).cdrs)
        ],
        "sets": {
            "counts": [
                {"code": code.value, "severity": severity.value, "count": count}
                for (code, severity), count in report.sets.counts.items()
            ],
            "shown": [{"visited_cso": cso} | _finding(finding) for cso, finding in report.sets.shown],
        },
        "invoice": None if report.invoice is None else _invoice(report.invoice),
        "notes": report.notes,
    }


def case(judged: Judged) -> dict[str, Any]:
    """Return one CDR with all that was found, and our price with its reasons."""
    claim, rated = judged.claim, None if judged.audit is None else judged.audit.rated
    told: dict[str, Any] = {"row": judged.number, "line": judged.line, "cdr_id": judged.cdr_id}
    if claim is not None:
        told |= {
            "visited_cso": claim.visited_cso,
            "home_csp": claim.home_csp,
            "session_id": claim.session_id,
            "location_id": claim.location_id,
            "evse_uid": claim.evse_uid,
            "connector_id": claim.connector_id,
            "started_at": format_utc(claim.started_at),
            "ended_at": format_utc(claim.ended_at),
            "time_zone": None if judged.zone is None else str(judged.zone),
            "kwh": figure(claim.energy),
            "currency": claim.currency,
            "claimed_excl_tax": figure(claim.total_excl_tax),
            "claimed_incl_tax": _optional(claim.total_incl_tax),
            "rated_excl_tax": None if rated is None else _optional(rated.excl_tax),
            "rated_incl_tax": None if rated is None else _optional(rated.incl_tax),
            "at_stake": figure(at_stake(judged)),
        }
    return told | {
        "verdict": judged.verdict.value,
        "findings": [_finding(finding) for finding in judged.findings],
        "explanation": _explanation(judged),
    }


def _explanation(judged: Judged) -> dict[str, Any] | None:
    """Return the same that the platform keeps beside a verdict."""
    if judged.audit is None or judged.claim is None:
        return None
    zone = None if judged.zone is None else str(judged.zone)
    explanation = explanation_of(judged.claim, judged.audit, zone)
    return shown(stored(explanation, MOST_EXPLANATION_CHARACTERS))


def _file(report: Report) -> dict[str, Any]:
    summary = report.summary
    return {
        "name": report.order.path.name,
        "format": report.kind.value,
        "rows": summary.rows,
        "cdrs": summary.cdrs,
        "unreadable": summary.unreadable,
        "first_start": None if summary.first is None else format_utc(summary.first),
        "last_start": None if summary.last is None else format_utc(summary.last),
    }


def _terms(terms: Terms) -> dict[str, Any]:
    agreement = terms.agreement
    return {
        "tolerance": figure(agreement.total_tolerance),
        "rounding": {
            "mode": agreement.rounding.mode.value,
            "digits": agreement.rounding.digits,
            "per_line": agreement.rounding_per_line,
        },
        "severities": {code.value: severity.value for code, severity in agreement.severities.items()},
        "tariffs": len(terms.tariffs),
        "locations": len(terms.locations),
        "time_zone": terms.locations.time_zone,
        "assumed_tariff": terms.assumed,
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "cdrs": tally.cdrs,
        "kwh": figure(tally.kwh),
        "claimed": figure(tally.claimed),
        "rated_cdrs": tally.rated_cdrs,
        "over_cdrs": tally.over_cdrs,
        "over": figure(tally.over),
        "under_cdrs": tally.under_cdrs,
        "under": figure(tally.under),
        "repeated_cdrs": tally.repeated_cdrs,
        "repeated": figure(tally.repeated),
        "rejected": figure(tally.rejected),
        "disputed": figure(tally.disputed),
        "verdicts": {verdict.value: tally.verdicts.get(verdict, 0) for verdict in Verdict},
    }


def _by_cdrs(groups: Groups[str, Tally]) -> list[tuple[str, Tally]]:
    return sorted(groups.items(), key=lambda each: (-each[1].cdrs, each[0]))


def _groups(groups: Groups[tuple[str, str, str], Tally], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return those with most that was asked for and should not have been, the currencies one after the other."""

    def order(each: tuple[tuple[str, str, str], Tally]) -> tuple[Decimal, int, tuple[str, str, str]]:
        key, tally = each
        return -(tally.over + tally.repeated), -tally.cdrs, key

    found = sorted(groups.items(), key=order)[:MOST_LISTED]
    return [dict(zip(names, key, strict=True)) | _tally(tally) for key, tally in found]


def _codes(summary: Summary) -> list[dict[str, Any]]:
    def order(each: tuple[tuple[Code, Severity], CodeTally]) -> tuple[int, int, str]:
        (code, severity), tally = each
        return _SEVERITY_ORDER[severity], -tally.cdrs, code.value

    return [
        {
            "code": code.value,
            "severity": severity.value,
            "meaning": code.meaning,
            "cdrs": tally.cdrs,
            "claimed": {currency: figure(amount) for currency, amount in sorted(tally.claimed.items())},
            "examples": [
                {
                    "row": each.number,
                    "line": each.line,
                    "cdr_id": each.cdr_id,
                    "visited_cso": each.cso,
                    "detail": each.detail,
                }
                for each in tally.examples
            ],
        }
        for (code, severity), tally in sorted(summary.codes.items(), key=order)
    ]


def _invoice(compared: Compared) -> dict[str, Any]:
    return {
        "lines": compared.lines,
        "agreeing": compared.agreeing,
        "totals": {currency: figure(amount) for currency, amount in sorted(compared.totals.items())},
        "differences": [
            {
                "difference": kind.value,
                "count": count,
                "amounts": {
                    currency: figure(amount) for (each, currency), amount in compared.amounts.items() if each is kind
                },
            }
            for kind, count in sorted(compared.counts.items())
        ],
        "shown": [
            {
                "difference": each.kind.value,
                "line": each.line,
                "cdr_id": each.cdr_id,
                "detail": each.detail,
                "amount": _optional(each.amount),
                "currency": each.currency,
            }
            for each in compared.shown
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code.value,
        "severity": finding.severity.value,
        "detail": finding.detail,
        "numbers": dict(finding.numbers),
    }


def _optional(amount: Decimal | None) -> str | None:
    return None if amount is None else figure(amount)
