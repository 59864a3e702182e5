"""`roamwatt rate`: the explained price of one CDR, without a deployment."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from services.clearing.rating.data import outcome_data
from services.clearing.rating.documents import Cdr, cdr_of, parse, tariff_of
from services.clearing.rating.engine import rate as rate_session
from services.clearing.rating.figures import figure
from services.clearing.rating.results import NotRated, Outcome, Rounding
from services.clearing.rating.tariffs import ENERGY, Tariff, key
from services.clearing.rating.text import explain
from services.clearing.rating.zones import zone_of
from services.cli.output import AsJson, say_lines, show_json
from services.core.errors import BadContent, RoamwattError
from services.core.money import EXACT, ZERO, RoundingMode, RoundingRule, total

MAX_BYTES: Final = 16 * 1024 * 1024
"""The largest file of a CDR or of tariffs that is read."""

_INPUT: Final = "-"
ROUNDING: Final = "Rounding, which OCPI leaves to the parties"


class CannotReadFile(RoamwattError):
    """A file that was named is no document of the kind that it should be."""


class NoTimeZone(RoamwattError):
    """A time zone that does not exist."""


def rate(
    *,
    cdr: Annotated[
        Path, typer.Option(metavar="FILE", help="JSON with one CDR of OCPI 2.2.1 or 2.3.0; - for standard input.")
    ],
    tariff: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="JSON with a tariff, or a list of them, of OCPI 2.2.1 or 2.3.0; again for more files. "
            "One of them replaces the CDR's own copy of the same id; without any, the CDR's copies count.",
        ),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of the location, as in Europe/Brussels; needed where a price depends on the local clock.",
        ),
    ] = None,
    mode: Annotated[
        RoundingMode,
        typer.Option(
            metavar="MODE", help=f"How the price is rounded: {', '.join(RoundingMode)}.", rich_help_panel=ROUNDING
        ),
    ] = RoundingMode.HALF_UP,
    digits: Annotated[
        int, typer.Option(min=0, max=8, metavar="COUNT", help="Digits after the point.", rich_help_panel=ROUNDING)
    ] = 2,
    per_line: Annotated[
        bool, typer.Option("--per-line", help="Round each line, not only the totals.", rich_help_panel=ROUNDING)
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print what a CDR costs by its tariffs, and why.

    For each charging period it says which element of the tariff prices what, and why the others do not; then what
    each element costs in all, before and after step_size, and how far the CDR's own total is from that.

    The exit code is 1 where it cannot be rated, and the reason is printed.

    Example: roamwatt rate --cdr cdr.json --tariff tariff.json --time-zone Europe/Brussels
    """
    found = _cdr(cdr)
    zone = None if time_zone is None else _zone(time_zone)
    rounding = Rounding(RoundingRule(mode, digits), per_line)
    outcome = rate_session(found.session, _tariffs(found, tariff or []), zone, rounding)
    if as_json:
        show_json(_data(found, outcome, zone))
    else:
        say_lines([*explain(outcome, zone), *_compared(found, outcome)])
    if isinstance(outcome, NotRated):
        raise typer.Exit(1)


def _parsed(path: Path, what: str) -> object:
    try:
        document = parse(_content(path))
    except OSError as error:
        raise CannotReadFile(f"{path} cannot be read: {error.strerror}") from error
    except BadContent as error:
        raise CannotReadFile(f"{path} is no {what}: {error}") from error
    # An answer of an OCPI endpoint has its object within.
    if isinstance(document, Mapping) and {"data", "status_code"} <= document.keys():
        return document["data"]
    return document


def _content(path: Path) -> bytes:
    with nullcontext(sys.stdin.buffer) if str(path) == _INPUT else path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise CannotReadFile(f"{path} has more than {MAX_BYTES:,} bytes")
    return content


def _cdr(path: Path) -> Cdr:
    document = _parsed(path, "CDR")
    if isinstance(document, list):
        raise CannotReadFile(f"{path} has a list; one CDR is rated here, and `roamwatt audit` takes many")
    try:
        return cdr_of(document)
    except BadContent as error:
        raise CannotReadFile(f"{path} is no CDR: {error}") from error


def _tariffs(cdr: Cdr, paths: Sequence[Path]) -> list[Tariff]:
    """Return the tariffs of the files that the CDR names, and what it copies besides; all where it names none."""
    given: list[Tariff] = []
    for path in paths:
        document = _parsed(path, "tariff")
        try:
            given += [tariff_of(each) for each in (document if isinstance(document, list) else [document])]
        except BadContent as error:
            raise CannotReadFile(f"{path} is no tariff: {error}") from error
    names = {key(period.tariff_id): period.tariff_id for period in cdr.session.periods if period.tariff_id is not None}
    names |= {key(copy.tariff_id): copy.tariff_id for copy in cdr.tariffs}
    named = [tariff for tariff in given if not names or key(tariff.tariff_id) in names]
    if given and not named:
        raise CannotReadFile(f"no file has a tariff that the CDR names: {', '.join(sorted(names.values()))}")
    replaced = {key(tariff.tariff_id) for tariff in named}
    return [*named, *(tariff for tariff in cdr.tariffs if key(tariff.tariff_id) not in replaced)]


def _zone(name: str) -> tzinfo:
    zone = zone_of(name)
    if zone is None:
        raise NoTimeZone(f"there is no time zone {name}; they have names like Europe/Brussels")
    return zone


def _data(cdr: Cdr, outcome: Outcome, zone: tzinfo | None) -> dict[str, Any]:
    """Return all that is printed, for programs."""
    claims = {
        name: {"claimed": _number(claimed), "more_than_rated": _number(_more(claimed, rated))}
        for name, (_, claimed, rated) in zip(("excl_tax", "incl_tax"), _claims(cdr, outcome), strict=True)
    }
    periods = _energy(cdr)
    energy = {"claimed": _number(cdr.session.totals.get(ENERGY)), "periods": _number(periods)}
    return {
        "cdr_id": cdr.cdr_id,
        "currency": cdr.session.currency,
        "credit": cdr.credit,
        "time_zone": None if zone is None else str(zone),
        **outcome_data(outcome),
        "totals": {**claims, "energy": energy},
        "text": [*explain(outcome, zone), *_compared(cdr, outcome)],
    }


def _compared(cdr: Cdr, outcome: Outcome) -> Iterator[str]:
    """Compare with what the CDR asks for, and its energy with that of its periods."""
    for what, claimed, rated in _claims(cdr, outcome):
        if claimed is not None:
            asked = f"{figure(claimed)} {cdr.session.currency} {what}{_difference(claimed, rated)}"
            yield f"The {'credit CDR' if cdr.credit else 'CDR'} asks for {asked}."
    energy, periods = cdr.session.totals.get(ENERGY), _energy(cdr)
    if energy is not None and periods is not None and periods != energy:
        yield f"Its energy is {figure(energy)} kWh, its periods sum to {figure(periods)} kWh."


def _claims(cdr: Cdr, outcome: Outcome) -> Sequence[tuple[str, Decimal | None, Decimal | None]]:
    """Return what the CDR asks for and the price, which a credit has below zero."""
    excl_tax, incl_tax = (None, None) if isinstance(outcome, NotRated) else (outcome.excl_tax, outcome.incl_tax)
    if cdr.credit:
        excl_tax, incl_tax = (None if each is None else EXACT.subtract(ZERO, each) for each in (excl_tax, incl_tax))
    return ("without tax", cdr.claimed_excl_tax, excl_tax), ("with tax", cdr.claimed_incl_tax, incl_tax)


def _energy(cdr: Cdr) -> Decimal | None:
    """Return the energy of the periods; None where none measures it."""
    measured = [period.volumes[ENERGY] for period in cdr.session.periods if ENERGY in period.volumes]
    return total(measured) if measured else None


def _more(claimed: Decimal | None, rated: Decimal | None) -> Decimal | None:
    return None if claimed is None or rated is None else EXACT.subtract(claimed, rated)


def _difference(claimed: Decimal, rated: Decimal | None) -> str:
    more = _more(claimed, rated)
    if more is None:
        return ""
    if not more:
        return ", as its tariffs say"
    return f", {figure(abs(more))} {'more' if more > ZERO else 'less'} than its tariffs say"


def _number(value: Decimal | None) -> str | None:
    return None if value is None else figure(value)
