"""`roamwatt rate`: the explained price of one CDR, without a deployment."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from services.clearing.rating.documents import Cdr, cdr_of, parse, tariff_of
from services.clearing.rating.engine import rate as rate_session
from services.clearing.rating.figures import figure
from services.clearing.rating.results import NotRated, Outcome, Rounding
from services.clearing.rating.tariffs import Tariff, key
from services.clearing.rating.text import explain
from services.clearing.rating.zones import zone_of
from services.cli.output import say
from services.core.errors import BadContent, RoamwattError
from services.core.money import EXACT, ZERO, RoundingMode, RoundingRule, total


class CannotReadFile(RoamwattError):
    """A file that was named is no document of the kind that it should be."""


def rate(
    *,
    cdr: Annotated[Path, typer.Option(help="File with a CDR of OCPI 2.2.1 or 2.3.0.")],
    tariff: Annotated[
        list[Path] | None, typer.Option(help="File with its tariff; again for more. Else the CDR's own copies.")
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Of the location, as in Europe/Brussels.")] = None,
    mode: Annotated[RoundingMode, typer.Option(help="How a half is rounded.")] = RoundingMode.HALF_UP,
    digits: Annotated[int, typer.Option(min=0, max=8, help="Digits after the point.")] = 2,
    per_line: Annotated[bool, typer.Option("--per-line", help="Round each line, not only the totals.")] = False,
) -> None:
    """Print what a CDR costs by its tariffs, and why; exit code 1 where it cannot be rated."""
    found = _cdr(cdr)
    zone = None if time_zone is None else _zone(time_zone)
    outcome = rate_session(
        found.session, _tariffs(found, tariff or []), zone, Rounding(RoundingRule(mode, digits), per_line)
    )
    for line in (*explain(outcome, zone), *_claim(found, outcome)):
        say(line)
    if isinstance(outcome, NotRated):
        raise typer.Exit(1)


def _parsed(path: Path, what: str) -> object:
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise CannotReadFile(f"{path}: {error.strerror}") from error
    except BadContent as error:
        raise CannotReadFile(f"{path} is no {what}: {error}") from error


def _cdr(path: Path) -> Cdr:
    try:
        return cdr_of(_parsed(path, "CDR"))
    except BadContent as error:
        raise CannotReadFile(f"{path} is no CDR: {error}") from error


def _tariffs(cdr: Cdr, paths: Sequence[Path]) -> list[Tariff]:
    """Return the tariffs of the files, a list or a single one in each, and what the CDR copies besides."""
    given: list[Tariff] = []
    for path in paths:
        document = _parsed(path, "tariff")
        try:
            given += [tariff_of(each) for each in (document if isinstance(document, list) else [document])]
        except BadContent as error:
            raise CannotReadFile(f"{path} is no tariff: {error}") from error
    named = {key(tariff.tariff_id) for tariff in given}
    return [*given, *(tariff for tariff in cdr.tariffs if key(tariff.tariff_id) not in named)]


def _zone(name: str) -> tzinfo:
    zone = zone_of(name)
    if zone is None:
        raise CannotReadFile(f"there is no time zone {name}")
    return zone


def _claim(cdr: Cdr, outcome: Outcome) -> Iterator[str]:
    """Compare with what the CDR asks for, and its energy with that of its periods."""
    ours = (None, None) if isinstance(outcome, NotRated) else (outcome.excl_tax, outcome.incl_tax)
    claims = (("without tax", cdr.claimed_excl_tax, ours[0]), ("with tax", cdr.claimed_incl_tax, ours[1]))
    for what, claimed, rated in claims:
        if claimed is not None:
            yield f"The CDR asks for {figure(claimed)} {cdr.session.currency} {what}{_difference(claimed, rated)}."
    if any("ENERGY" in period.volumes for period in cdr.session.periods):
        energy = total(period.volumes.get("ENERGY", ZERO) for period in cdr.session.periods)
        if energy != cdr.session.totals["ENERGY"]:
            yield f"Its energy is {figure(cdr.session.totals['ENERGY'])} kWh, its periods sum to {figure(energy)} kWh."


def _difference(claimed: Decimal, rated: Decimal | None) -> str:
    if rated is None:
        return ""
    if claimed == rated:
        return ", as its tariffs say"
    more = "more" if claimed > rated else "less"
    return f", {figure(abs(EXACT.subtract(claimed, rated)))} {more} than its tariffs say"
