"""What came out of a replay: pure sums over what was read, sent and cleared, and their tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.console import Group
from rich.markup import escape
from rich.table import Table

from services.cli.replay_send import Kind, Sent
from services.exports.files import Imported

VERDICTS = ("ACCEPTED", "FLAGGED", "DISPUTED", "REJECTED")
MAX_LINES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Cleared:
    """What clearing shows of one CSO.

    Attributes:
        verdicts: CDRs by verdict.
        reasons: CDRs by (verdict, finding code).
        places: kWh and booked money by location id.
        currency: Of the money.
    """

    verdicts: Mapping[str, int]
    reasons: Mapping[tuple[str, str], int]
    places: Mapping[str, tuple[Decimal, Decimal]]
    currency: str

    @property
    def total(self) -> int:
        """CDRs with a verdict."""
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a replay has to say.

    Attributes:
        seconds: From the first request to the last verdict.
        repeats: Requests that were sent again.
    """

    imported: Imported
    chosen: int
    sent: Sent
    cleared: Cleared
    sites: Mapping[str, str]
    seconds: float
    repeats: int

    @property
    def missing(self) -> int:
        """Acknowledged CDRs without a verdict; negative if there are more verdicts than CDRs."""
        return len(self.sent.cdrs) - self.cleared.total

    @property
    def is_complete(self) -> bool:
        """Whether every row was sent, acknowledged and has exactly one verdict."""
        return self.missing == 0 and len(self.sent.cdrs) == self.chosen and not self.sent.unacknowledged


def read_summary(summary: Mapping[str, Any], currency: str) -> Cleared:
    """Turn clearing's admin summary of one CSO into `Cleared`."""
    by_verdict = {each["verdict"]: int(each["cdrs"]) for each in summary["verdicts"]}
    reasons = {(each["verdict"], each["code"]): int(each["cdrs"]) for each in summary["findings"]}
    places: dict[str, tuple[Decimal, Decimal]] = {}
    for each in summary["locations"]:
        kwh, amount = places.get(each["location_id"], (Decimal(0), Decimal(0)))
        places[each["location_id"]] = (kwh + Decimal(str(each["kwh"])), amount + Decimal(str(each["amount"])))
    return Cleared(by_verdict, reasons, places, currency)


def per_site(cleared: Cleared, sites: Mapping[str, str]) -> list[tuple[str, Decimal, Decimal]]:
    """kWh and money by site, most energy first; `sites` gives the site of a location."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for place, (kwh, amount) in cleared.places.items():
        site = sites.get(place, place)
        before = sums.get(site, (Decimal(0), Decimal(0)))
        sums[site] = (before[0] + kwh, before[1] + amount)
    return sorted(((site, *both) for site, both in sums.items()), key=lambda each: (-each[1], each[0]))


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome for machines; decimals as text, so that no reader rounds them."""
    cleared, notes = outcome.cleared, outcome.imported.notes
    return {
        "format": outcome.imported.format.name,
        "rows": outcome.imported.rows,
        "sent": outcome.chosen,
        "not_sent": [{"line": n.line, "reason": n.remark.value} for n in outcome.imported.unsendable()],
        "times_resolved": [{"line": n.line, "remark": n.remark.value} for n in notes if n.remark.is_sendable],
        "acknowledged": {kind.name.lower(): outcome.sent.acknowledged[kind] for kind in Kind},
        "refused": outcome.sent.refusals,
        "unacknowledged_lines": sorted(set(outcome.sent.unacknowledged)),
        "verdicts": {verdict: cleared.verdicts.get(verdict, 0) for verdict in VERDICTS},
        "reasons": [
            {"verdict": verdict, "code": code, "cdrs": count}
            for (verdict, code), count in sorted(cleared.reasons.items())
        ],
        "missing": outcome.missing,
        "complete": outcome.is_complete,
        "currency": cleared.currency,
        "sites": [
            {"site": site, "kwh": f"{kwh:f}", "amount": f"{amount:f}"}
            for site, kwh, amount in per_site(cleared, outcome.sites)
        ],
        "seconds": round(outcome.seconds, 3),
        "rows_per_second": round(outcome.chosen / outcome.seconds, 1) if outcome.seconds else 0,
        "repeats": outcome.repeats,
    }


def as_tables(outcome: Outcome) -> Group:
    """The outcome for people."""
    parts: list[Table | str] = [_verdicts(outcome), _sites(outcome), _ending(outcome)]
    return Group(*(part for part in parts if part))


def not_sent(imported: Imported) -> list[str]:
    """One sentence for each kind of row that the importer remarks on, with line numbers."""
    lines: dict[str, list[int]] = {}
    for note in imported.notes:
        what = "sent, time resolved" if note.remark.is_sendable else "not sent"
        lines.setdefault(f"{note.remark.value.lower().replace('_', ' ')} ({what})", []).append(note.line)
    return [f"{what}: {len(found)} rows, lines {_listed(found)}" for what, found in sorted(lines.items())]


def _verdicts(outcome: Outcome) -> Table:
    table = Table(title="Verdicts", title_justify="left")
    table.add_column("verdict")
    table.add_column("CDRs", justify="right")
    for verdict in VERDICTS:
        table.add_row(f"[bold]{verdict.lower()}[/]", f"[bold]{outcome.cleared.verdicts.get(verdict, 0):,}[/]")
        for (of, code), count in sorted(outcome.cleared.reasons.items(), key=lambda each: -each[1]):
            if of == verdict:
                table.add_row(f"  {code}", f"{count:,}")
    table.add_section()
    table.add_row("sum", f"{outcome.cleared.total:,} of {outcome.chosen:,} sent")
    return table


def _sites(outcome: Outcome) -> Table:
    currency = outcome.cleared.currency
    table = Table(title="Cleared per site", title_justify="left")
    table.add_column("site")
    table.add_column("kWh", justify="right")
    table.add_column(currency, justify="right")
    rows = per_site(outcome.cleared, outcome.sites)
    for site, kwh, amount in rows:
        table.add_row(escape(site), f"{kwh:,.3f}", f"{amount:,.2f}")
    table.add_section()
    kwh_sum = sum((each[1] for each in rows), Decimal(0))
    table.add_row("sum", f"{kwh_sum:,.3f}", f"{sum((each[2] for each in rows), Decimal(0)):,.2f}")
    return table


def _ending(outcome: Outcome) -> str:
    sent = outcome.sent
    rate = outcome.chosen / max(outcome.seconds, 0.001)
    lines = [
        f"{outcome.chosen:,} rows in {outcome.seconds:.1f} s: {rate:,.0f} rows/s, "
        f"{sum(sent.acknowledged.values()):,} requests acknowledged, {outcome.repeats:,} repeated"
    ]
    lines += [
        f"[red]refused[/] {escape(reason)}: {len(found)} rows, lines {_listed(found)}"
        for reason, found in sent.refusals.items()
    ]
    if sent.unacknowledged:
        lines.append(f"[red]never acknowledged[/]: lines {_listed(sorted(set(sent.unacknowledged)))}")
    if outcome.missing:
        lines.append(f"[red]{outcome.missing:,} acknowledged CDRs have no verdict[/]")
    return "\n".join(lines)


def _listed(lines: Iterable[int]) -> str:
    found = [str(line) for line in lines]
    more = f" and {len(found) - MAX_LINES_SHOWN} more" if len(found) > MAX_LINES_SHOWN else ""
    return ", ".join(found[:MAX_LINES_SHOWN]) + more
