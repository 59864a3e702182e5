"""The engine and a naive rater agree on thousands of random tariffs and sessions.

Each case has a seed of its own. `ROAMWATT_NAIVE_SEEDS=FIRST:COUNT` tries others, as `7000000:200000`.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.rating.documents import cdr_of, tariff_of
from services.clearing.rating.engine import rate
from services.clearing.rating.results import Line, NotRated, Rating, Rounding
from services.core.clock import parse_utc
from services.core.money import RoundingMode, RoundingRule
from tests.unit.clearing.rating.examples import tariff_json
from tests.unit.clearing.rating.naive import Bill, Key, naive_bill
from tests.unit.clearing.rating.naive_refusals import looks_at_time
from tests.unit.clearing.rating.naive_ticks import NoPrice, expired, in_order, volumes_of
from tests.unit.clearing.rating.random_cases import Case, random_case
from tests.unit.clearing.rating.random_tariffs import RESTRICTIONS
from tests.unit.clearing.rating.text_examples import BRUSSELS, EXAMPLES

EIGHT = Rounding(RoundingRule(RoundingMode.HALF_EVEN, 8))
FIRST, COUNT = (int(each) for each in os.environ.get("ROAMWATT_NAIVE_SEEDS", "0:2000").split(":"))
TIMES = {"TIME", "PARKING_TIME"}
ALMOST = Decimal("0.000001")
ROUGHLY = Decimal("0.01")
"""Where hours have four decimals: at 9 an hour, 0.18 s for each of at most six measurements."""


@dataclass
class Tried:
    """What all cases together have shown, and the seeds on which the two did not agree."""

    shown: Counter[str] = field(default_factory=Counter)
    disagreements: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def tried() -> Tried:
    found = Tried()
    for seed in range(FIRST, FIRST + COUNT):
        case = random_case(random.Random(seed))
        disagreement = compare(case, found.shown)
        if disagreement is not None:
            found.disagreements.append(f"seed {seed}: {disagreement}")
    return found


def compare(case: Case, shown: Counter[str]) -> str | None:
    outcome = rate(cdr_of(case.cdr).session, [tariff_of(each) for each in case.tariffs], case.zone, EIGHT)
    try:
        bill = naive_bill(case.cdr, case.tariffs, case.zone, case.tick)
    except NoPrice as error:
        if not isinstance(outcome, NotRated):
            return f"the naive rater has no price ({error}), the engine has one"
        shown[f"no price: {kind_of(outcome)}"] += 1
        return None if kind_of(outcome) in error.kinds else f"no price: {error}, and {outcome.reason}"
    if isinstance(outcome, NotRated):
        return f"the engine has no price: {outcome.reason}"
    shown.update(bill.seen | set(facts(case, bill, outcome)))
    return difference(bill, outcome, ROUGHLY if case.rounded_hours else ALMOST)


REFUSALS: Mapping[str, str] = {
    r"tariff \S+ is not known": "unknown tariff",
    r".* no period names one": "no tariff named",
    r"the tariff is in another currency": "another currency",
    r"the tariff does not apply at the start .*": "tariff not valid",
    r"a period measures a negative .*": "negative time",
    r"period \d+ begins outside of the session": "a period outside of the session",
    r"no EVSE was used, .*": "used without an EVSE",
    r"period \d+, element \d+: the (current|power) .*": "current or power",
    r"period \d+ measures \S+ s and lasts .*": "more time than the period lasts",
    r"the price changes within period .*": "a period that cannot be shared",
    r"the ENERGY of the periods is negative": "energy flows back",
    r"the step size of .*": "step size",
    r"there are several tariffs, and one limits .*": "several tariffs and a limit",
    r"the limits are without tax, .*": "a limit without a tax that nobody tells",
    r"the least price is above .*|the limits make the price with tax lower .*": "limits contradict each other",
}
"""The engine's reasons in the words of the naive rater."""


def kind_of(refusal: NotRated) -> str:
    return next((kind for told, kind in REFUSALS.items() if re.fullmatch(told, refusal.reason)), refusal.reason)


def difference(bill: Bill, outcome: Rating, tolerance: Decimal) -> str | None:
    lines = {key_of(line): line for line in outcome.lines if line.tariff_id is not None}
    compared: dict[str, tuple[Decimal | None, Decimal | None]] = {
        "without tax": (bill.excl_tax, outcome.excl_tax),
        "with tax": (bill.incl_tax, outcome.incl_tax),
    }
    for key in bill.billed.keys() | lines.keys():
        measured, volume = (lines[key].measured, lines[key].volume) if key in lines else (Decimal(0), Decimal(0))
        compared[f"measured of {key}"] = bill.used.get(key, Decimal(0)), measured
        compared[f"billed of {key}"] = bill.billed.get(key, Decimal(0)), volume
    for what, (naive, engine) in compared.items():
        if (naive is None) != (engine is None):
            return f"{what}: {naive} and {engine}"
        if naive is not None and engine is not None and abs(naive - engine) > tolerance:
            return f"{what}: {naive:.8f} and {engine}"
    return None


def key_of(line: Line) -> Key:
    return line.tariff_id, line.element, line.component_type, line.reservation


def facts(case: Case, bill: Bill, outcome: Rating) -> list[str]:
    """Return what this case has shown besides what the naive rater noted."""
    periods = in_order(case.cdr)["charging_periods"]
    volumes = [volumes_of(each) for each in periods]
    starts = [each["start_date_time"] for each in periods]
    reserved = any(reservation for *_, reservation in bill.billed)
    told = {
        "a reservation that was used": reserved and not expired(case.cdr),
        "a reservation that expired": reserved and expired(case.cdr),
        "a flat price of a reservation": any(key[2:] == ("FLAT", True) for key in bill.billed),
        "two tariffs": len({key[0] for key in bill.billed}) > 1,
        "a period without a tariff": any(part.tariff_id is None for part in outcome.parts),
        "a period that a border divides": any(part.interpolated for part in outcome.parts),
        "a tax that nobody tells": bill.excl_tax is not None and bill.incl_tax is None,
        "an untold tax inside": bill.excl_tax is None,
        "a tax inside": any(each.get("tax_included") == "YES" for each in case.tariffs) and bill.excl_tax is not None,
        "no taxes": any(each.get("tax_included") == "N/A" for each in case.tariffs),
        "a tariff with an end": any("end_date_time" in each for each in case.tariffs),
        "energy that flows back": any(each.get("ENERGY", 0) < 0 for each in volumes),
        "energy of 0": any(each.get("ENERGY") == 0 for each in volumes),
        "charging and parking in one period": any({"TIME", "PARKING_TIME"} <= each.keys() for each in volumes),
        "energy without time": any("ENERGY" in each and not TIMES & each.keys() for each in volumes),
        "time without energy": any("TIME" in each and "ENERGY" not in each for each in volumes),
        "a first period that begins late": case.cdr["start_date_time"] != periods[0]["start_date_time"],
        "two periods that begin together": len(set(starts)) < len(starts),
        "periods out of order": periods != case.cdr["charging_periods"],
        "clocks are set": clocks_are_set(case),
        "clocks are set, and the price differs": clocks_are_set(case) and differs_by_clocks(case, bill),
        "seconds": case.cdr["start_date_time"][17:19] != "00",
        "hours of four decimals": case.rounded_hours,
    }
    return [name for name, shown in told.items() if shown]


def clocks_are_set(case: Case) -> bool:
    first, last = (parse_utc(case.cdr[name]).astimezone(case.zone) for name in ("start_date_time", "end_date_time"))
    return first.utcoffset() != last.utcoffset()


def differs_by_clocks(case: Case, bill: Bill) -> bool:
    """Whether the session costs something else where the clocks of its start go on."""
    if not any(looks_at_time(each) for each in case.tariffs):
        return False
    unset = timezone(parse_utc(case.cdr["start_date_time"]).astimezone(case.zone).utcoffset() or timedelta(0))
    try:
        return naive_bill(case.cdr, case.tariffs, unset, case.tick).excl_tax != bill.excl_tax
    except NoPrice:
        return True


def test_the_engine_agrees_with_a_naive_rater(tried: Tried) -> None:
    assert not tried.disagreements, f"{len(tried.disagreements)} of {COUNT}, first:\n" + "\n".join(
        tried.disagreements[:5]
    )


LEAST_SHARES: Mapping[str, int] = {
    **dict.fromkeys(RESTRICTIONS, 35),
    **{f"not {name}": 30 for name in RESTRICTIONS},
    "reservation": 60,
    "step of ENERGY": 40,
    "step of TIME": 80,
    "step of PARKING_TIME": 40,
    "lifted to min_price": 50,
    "lowered to max_price": 15,
    "limit with tax": 60,
    "a reservation that was used": 30,
    "a reservation that expired": 30,
    "a flat price of a reservation": 40,
    "two tariffs": 20,
    "a period without a tariff": 10,
    "a period that a border divides": 250,
    "a tax that nobody tells": 40,
    "an untold tax inside": 4,
    "a tax inside": 80,
    "no taxes": 90,
    "a tariff with an end": 60,
    "energy that flows back": 20,
    "energy of 0": 10,
    "charging and parking in one period": 20,
    "energy without time": 20,
    "time without energy": 20,
    "a first period that begins late": 50,
    "two periods that begin together": 15,
    "periods out of order": 20,
    "clocks are set": 200,
    "clocks are set, and the price differs": 15,
    "seconds": 150,
    "hours of four decimals": 180,
    "no price: unknown tariff": 3,
    "no price: another currency": 2,
    "no price: negative time": 1,
    "no price: a period outside of the session": 3,
    "no price: used without an EVSE": 2,
    "no price: step size": 1,
    "no price: limits contradict each other": 1,
    "no price: current or power": 30,
    "no price: tariff not valid": 30,
    "no price: several tariffs and a limit": 4,
    "no price: energy flows back": 8,
    "no price: no tariff named": 10,
    "no price: more time than the period lasts": 4,
    "no price: a period that cannot be shared": 8,
}
"""Of 1,000 cases, how many show it at least."""


@pytest.mark.parametrize("what", LEAST_SHARES)
def test_the_random_cases_show(tried: Tried, what: str) -> None:
    assert tried.shown[what] * 1000 >= LEAST_SHARES[what] * COUNT, f"{tried.shown[what]} of {COUNT}"


@pytest.mark.parametrize("example", EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_the_naive_rater_has_the_numbers_of_the_text(example: tuple[Any, ...]) -> None:
    _, elements, fields, cdr, excl_tax, incl_tax = example
    bill = naive_bill(cdr, [tariff_json("2.3.0", elements, **dict(fields))], BRUSSELS)
    for found, wanted in ((bill.excl_tax, excl_tax), (bill.incl_tax, incl_tax)):
        assert wanted is None or found is not None
        assert wanted is None or found == pytest.approx(Decimal(wanted), abs=Decimal("0.005"))
