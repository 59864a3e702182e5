"""What is kept of an audit's reasons, and what is shown of it."""

import json
from datetime import timedelta
from typing import Any

from services.clearing.audit.rules import AuditRules
from services.clearing.claims import claim_of
from services.clearing.deciding import decide
from services.clearing.explaining import explanation_of, shown, stored
from tests.unit.clearing.samples import NOW, PER_KWH, START, cdr, facts, period, restriction, tariff

ENOUGH = 64_000


def kept(max_characters: int = ENOUGH, known: Any = None, **changes: Any) -> str:
    decision = decide(claim_of(cdr(**changes)), known or facts(), AuditRules(), NOW)
    return stored(explanation_of(decision.claim, decision.audit, decision.time_zone), max_characters)


def told(text: str) -> dict[str, Any]:
    found = shown(text)
    assert found is not None
    return found


def test_a_price_is_shown_beside_what_is_claimed_part_by_part() -> None:
    priced = tariff(PER_KWH, ("FLAT", "1.5", None, "1"), ("TIME", "0.25", "20", "60"))
    found = told(kept(tariffs=[priced], total_energy_cost_excl_tax="9", total_parking_cost_excl_tax="0.50"))
    assert found["compared"] == [
        {"part": "fixed", "claimed": None, "rated": "1.5"},
        {"part": "energy", "claimed": "9", "rated": "5"},
        {"part": "time", "claimed": None, "rated": "0.5"},
        {"part": "parking", "claimed": "0.5", "rated": None},
    ]
    assert (found["rating"]["excl_tax"], found["rating"]["incl_tax"], found["not_rated"]) == ("7", None, None)
    assert (found["tolerance"], found["time_zone"]) == ("0.01", "Europe/Brussels")


def test_it_names_the_tariffs_and_the_agreement() -> None:
    found = told(kept())
    assert found["agreement"] == {"id": "A1", "version": 3}
    assert found["tariffs"] == [{"id": "T1", "version": None}]
    many = told(kept(tariffs=[tariff(tariff_id=f"T{number:099}") for number in range(40)]))
    assert [len(each["id"]) for each in many["tariffs"]] == [40] * 5
    assert told("{}")["agreement"] is None


def test_it_says_for_each_period_which_element_applied_and_why_others_did_not() -> None:
    night = tariff(restrictions=[restriction("start_time", "20:00"), restriction("end_time", "23:00")])
    both = night.model_copy(update={"elements": [*night.elements, *tariff().elements]})
    found = told(kept(tariffs=[both]))
    (energy,) = [part for part in found["rating"]["parts"] if part["dimension"] == "ENERGY"]
    assert (energy["period"], energy["element"], energy["volume"]) == (1, 2, "20")
    (skipped,) = energy["skipped"]
    assert skipped["element"] == 1
    assert f"    not element 1: {skipped['reason']}" in found["text"]
    assert energy["started_at"] == "2026-03-01T08:00:00Z"
    assert found["text"][0].startswith("Period 1, 2026-03-01 09:00:00 CET")


def test_it_says_why_there_is_no_price() -> None:
    found = told(kept(tariffs=[tariff(currency="GBP")]))
    assert (found["rating"], found["not_rated"]) == (None, "the tariff is in another currency")
    assert found["text"] == ["No price: the tariff is in another currency."]
    assert found["compared"] == [{"part": "energy", "claimed": "5", "rated": None}]


def test_what_is_kept_is_bounded_and_says_what_was_left_out() -> None:
    periods = [period({"ENERGY": "0.1"}, "T1", START + timedelta(seconds=number)) for number in range(200)]
    whole, cut = kept(periods=periods), kept(4_000, periods=periods)
    assert len(cut) <= 4_000 < len(whole)
    found, all_of_it = told(cut), told(whole)
    left = len(found["rating"]["parts"])
    assert found["parts_left_out"] == 200 - left > 0
    assert found["rating"]["parts"] == all_of_it["rating"]["parts"][:left]
    assert found["rating"]["lines"] == all_of_it["rating"]["lines"]
    assert found["text"][-1] == f"{200 - left} further measurements were priced and are not listed."


def test_a_price_of_very_many_lines_keeps_its_totals() -> None:
    def one(number: int) -> Any:
        return tariff(tariff_id=f"T{number}")

    many = [one(number) for number in range(40)]
    used = [period({"ENERGY": "0.5"}, f"T{number}", START + timedelta(minutes=number)) for number in range(40)]
    text = kept(2_000, tariffs=many, periods=used)
    assert len(text) <= 2_000
    found = told(text)
    assert (found["rating"]["lines"], found["rating"]["parts"], found["rating"]["excl_tax"]) == ([], [], "5")


def test_no_digit_is_lost_and_numbers_are_plain() -> None:
    found = told(kept(tariffs=[tariff(("ENERGY", "0.00000001", "10", "1"))]))
    (line,) = found["rating"]["lines"]
    assert (line["price"], line["amount_excl_tax"], line["tax_amount"]) == ("0.00000001", "0.0000002", "0.00000002")
    assert "E-" not in json.dumps(found).replace("TIME-", "")


def test_what_a_former_release_kept_is_read_and_what_nobody_can_read_is_nothing() -> None:
    # As it was written before there were prices of parts, agreements and tariffs: what is added has defaults.
    part = [1, "2026-03-01T08:00:00Z", "2026-03-01T10:00:00Z", "T1", "ENERGY", "20", 1, [[2, "it is Sunday"]]]
    former = {
        "claimed": {"energy": {"excl_tax": "5.00000000", "incl_tax": None}},
        "tolerance": "0.01",
        "time_zone": "Europe/Brussels",
        "rating": {
            "currency": "EUR",
            "parts": [part],
            "lines": [],
            "rounding": {"rule": {"mode": "HALF_UP", "digits": 2}, "per_line": False},
            "excl_tax": "0E-8",
            "incl_tax": None,
        },
        "not_rated": None,
        "parts_left_out": 0,
    }
    found = told(json.dumps(former))
    assert (found["rating"]["excl_tax"], found["rating"]["parts"][0]["skipped"][0]["reason"]) == ("0", "it is Sunday")
    assert shown("{}") is not None
    assert shown('{"rating": 1}') is None
