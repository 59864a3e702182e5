"""Every finding of a file as CSV, a line each: for spreadsheets, and for who works through them."""

import csv
from typing import Final, TextIO

from services.clearing.audit.codes import Severity
from services.clearing.rating.figures import figure
from services.clearing.reporting.judging import Judged
from services.clearing.reporting.printable import cell, printable
from services.core.clock import format_utc

COLUMNS: Final = (
    *("row", "line", "cdr_id", "visited_cso", "home_csp", "session_id", "location_id", "start_date_time", "verdict"),
    *("code", "severity", "detail", "currency", "claimed_excl_tax", "rated_excl_tax", "over"),
)
_ORDER: Final = {severity: place for place, severity in enumerate(Severity)}


class Listing:
    """Writes the findings from a severity on, in the order of the file."""

    def __init__(self, file: TextIO, least: Severity) -> None:
        self._writer = csv.writer(file)
        self._least = _ORDER[least]
        self._writer.writerow(COLUMNS)

    def add(self, judged: Judged) -> None:
        """Write what was found in a row."""
        found = [finding for finding in judged.findings if _ORDER[finding.severity] >= self._least]
        if not found:
            return
        before, after = _of_cdr(judged)
        for finding in found:
            cells = (*before, finding.code.value, finding.severity.value, finding.detail, *after)
            self._writer.writerow([cell(str(printable(each))) for each in cells])


def _of_cdr(judged: Judged) -> tuple[tuple[str, ...], tuple[str, ...]]:
    claim, rated = judged.claim, None if judged.audit is None else judged.audit.rated
    place = str(judged.number), str(judged.line), judged.cdr_id or ""
    if claim is None:
        return (*place, "", "", "", "", "", judged.verdict.value), ("", "", "", "")
    before = (
        *(*place, claim.visited_cso, claim.home_csp, claim.session_id or "", claim.location_id),
        *(format_utc(claim.started_at), judged.verdict.value),
    )
    price = "" if rated is None or rated.excl_tax is None else figure(rated.excl_tax)
    over = "" if judged.over is None else figure(judged.over)
    return before, (claim.currency, figure(claim.total_excl_tax), price, over)
