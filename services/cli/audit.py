"""`roamwatt audit`: a file of CDRs audited and reported, without a deployment."""

from datetime import timedelta
from decimal import Decimal

import typer
from rich.console import Console

from services.clearing.audit.codes import Severity
from services.clearing.audit.facts import AgreementFact, Source
from services.clearing.audit.rules import AuditRules
from services.clearing.reporting.as_data import as_data
from services.clearing.reporting.formats import Format
from services.clearing.reporting.judging import Terms
from services.clearing.reporting.locations_given import GivenLocations
from services.clearing.reporting.meter_keys_given import GivenMeterKeys
from services.clearing.reporting.run import Order, run
from services.clearing.reporting.tariffs_given import GivenTariffs
from services.cli import audit_options as options
from services.cli.audit_outputs import Outputs, check_places, listener
from services.cli.audit_progress import progress
from services.core.clock import system_clock
from services.core.money import RoundingMode, RoundingRule

FOUND = 3
"""The exit code where `--fail-on` applies; 1 is that there is no report, 2 that the options are wrong."""


def audit(
    cdrs: options.Cdrs,
    *,
    tariffs: options.Tariffs = None,
    locations: options.Locations = None,
    sessions: options.Sessions = None,
    meter_keys: options.MeterKeys = None,
    invoice: options.Invoice = None,
    kind: options.Kind = Format.AUTO,
    text: options.TextFile = None,
    as_json: options.JsonFile = None,
    html: options.HtmlFile = None,
    findings: options.FindingsFile = None,
    findings_from: options.Least = Severity.FLAG,
    time_zone: options.TimeZone = None,
    tolerance: options.Tolerance = Decimal("0.01"),
    mode: options.Mode = RoundingMode.HALF_UP,
    digits: options.Digits = 2,
    per_line: options.PerLine = False,
    severity: options.Agreed = None,
    assume_tariff: options.Assumed = None,
    cso: options.Cso = None,
    csp: options.Csp = None,
    encoding: options.Encoding = "utf-8",
    worst: options.Worst = 20,
    missing_after_hours: options.MissingAfter = 72,
    fail_on: options.FailOn = None,
    work_folder: options.WorkFolder = None,
    quiet: options.Quiet = False,
) -> None:
    """Audit a file of CDRs: what is wrong with them, what they should have cost, and an invoice against them.

    The exit code is 0 as soon as there is a report, whatever it says (3 with --fail-on), and 1 where there is none.

    Example: roamwatt audit --cdrs cdrs.json --tariffs tariffs.json --html report.html
    """
    given = (cdrs, invoice, *(tariffs or ()), *(locations or ()), *(sessions or ()), *(meter_keys or ()))
    check_places((text, as_json, html, findings), given)
    terms = _terms(
        AgreementFact.always(
            tolerance, RoundingRule(mode, digits), options.severities(severity or ()), rounding_per_line=per_line
        ),
        GivenTariffs.read(tariffs or ()),
        GivenLocations.read(locations or (), options.checked_zone(time_zone)),
        GivenMeterKeys.read(meter_keys or (), encoding),
        assume_tariff,
        with_sessions=bool(sessions),
    )
    order = Order(
        *(cdrs, kind, encoding, options.parties(cso, csp), invoice, tuple(sessions or ())),
        missing_after=timedelta(hours=missing_after_hours),
        worst=worst,
        work_folder=work_folder,
    )
    outputs = Outputs(text, as_json, html, quiet=quiet)
    with listener(findings, findings_from) as told, progress(Console(stderr=True, quiet=quiet)) as tell:
        report = run(order, terms, told, tell)
    outputs.write(as_data(report, terms.now))
    if fail_on is not None and report.found(fail_on):
        raise typer.Exit(FOUND)


def _terms(
    agreement: AgreementFact,
    tariffs: GivenTariffs,
    locations: GivenLocations,
    meter_keys: GivenMeterKeys,
    assumed: str | None,
    *,
    with_sessions: bool,
) -> Terms:
    if assumed is not None and not tariffs.has(assumed):
        raise options.BadOption(f"--assume-tariff {assumed}: the files of --tariffs have no such tariff")
    # Only where something was looked for does its absence mean anything.
    looked = {Source.TARIFFS: len(tariffs) > 0, Source.SESSIONS: with_sessions}
    sources = frozenset(source for source, given in looked.items() if given)
    return Terms(agreement, AuditRules(), tariffs, locations, sources, system_clock(), meter_keys, assumed)
