"""`roamwatt rate` over files: the price, its reasons, and what it says of files that are none."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import main, output
from services.core.errors import RoamwattError

TARIFF: dict[str, Any] = {
    "id": "T1",
    "currency": "EUR",
    "tax_included": "NO",
    "elements": [
        {
            "price_components": [{"type": "TIME", "price": 1.2, "vat": 20, "step_size": 900}],
            "restrictions": {"end_time": "17:00"},
        },
        {"price_components": [{"type": "TIME", "price": 2.4, "vat": 20, "step_size": 900}]},
    ],
}
CDR: dict[str, Any] = {
    "id": "C1",
    "start_date_time": "2026-03-02T15:35:00Z",
    "end_date_time": "2026-03-02T16:10:00Z",
    "currency": "EUR",
    "charging_periods": [
        {
            "start_date_time": "2026-03-02T15:35:00Z",
            "tariff_id": "t1",
            "dimensions": [{"type": "TIME", "volume": 0.5833}, {"type": "ENERGY", "volume": 7}],
        }
    ],
    "total_cost": {"before_taxes": 1.5, "taxes": [{"name": "VAT", "amount": 0.3}]},
    "total_energy": 7.5,
    "total_time": 0.5833,
}


def run(tmp_path: Path, cdr: Any, *arguments: str, tariff: Any = TARIFF) -> tuple[int, str]:
    files = {"cdr": tmp_path / "cdr.json", "tariff": tmp_path / "tariff.json"}
    files["cdr"].write_text(cdr if isinstance(cdr, str) else json.dumps(cdr))
    files["tariff"].write_text(json.dumps(tariff))
    command = ["rate", "--cdr", str(files["cdr"]), "--tariff", str(files["tariff"]), *arguments]
    result = CliRunner(env={"COLUMNS": "300"}).invoke(main.build(command), command)
    if isinstance(result.exception, RoamwattError):
        raise result.exception
    return result.exit_code, result.output


def test_the_price_is_explained(tmp_path: Path) -> None:
    """25 minutes at 1.20 before and 20 at 2.40 after 17:00, of 35 measured in steps of 15: 1.30."""
    code, output = run(tmp_path, CDR, "--time-zone", "Europe/Brussels")
    assert code == 0
    for expected in (
        "Period 1, 2026-03-02 16:35:00 CET to 2026-03-02 17:00:00 CET, tariff T1",
        "not element 1: only from 00:00 to 17:00",
        "costs nothing, no element prices it",
        "in steps of 900 s 0.3333",
        "Total without tax: 1.3 EUR",
        "Total with tax:    1.56 EUR",
        "The CDR asks for 1.5 EUR without tax, 0.2 more than its tariffs say.",
        "Its energy is 7.5 kWh, its periods sum to 7 kWh.",
    ):
        assert expected in output


def test_on_a_terminal_no_word_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(tmp_path, CDR, "--time-zone", "Europe/Brussels")[1]
    monkeypatch.setattr(output.console, "_force_terminal", True)
    monkeypatch.setattr(output.console, "width", 60)
    shown = run(tmp_path, CDR, "--time-zone", "Europe/Brussels")[1]
    assert max(map(len, whole.splitlines())) > 60 >= max(map(len, shown.splitlines()))
    assert shown.split() == whole.split()
    assert "    not element 1: only from 00:00 to 17:00" in shown.splitlines()


def test_an_energy_that_the_cdr_does_not_tell_is_not_taken_for_none(tmp_path: Path) -> None:
    untold = {name: value for name, value in CDR.items() if name != "total_energy"}
    assert "Its energy is" not in run(tmp_path, untold, "--time-zone", "Europe/Brussels")[1]
    output = run(tmp_path, untold, "--time-zone", "Europe/Brussels", "--json")[1]
    assert json.loads(output)["totals"]["energy"] == {"claimed": None, "periods": "7"}


def test_the_same_as_data(tmp_path: Path) -> None:
    code, output = run(tmp_path, CDR, "--time-zone", "Europe/Brussels", "--json")
    found = json.loads(output)
    assert code == 0
    assert (found["cdr_id"], found["time_zone"], found["not_rated"]) == ("C1", "Europe/Brussels", None)
    assert found["rating"]["excl_tax"] == "1.3"
    times = [part for part in found["rating"]["parts"] if part["dimension"] == "TIME"]
    assert times[1]["skipped"] == [{"element": 1, "reason": "only from 00:00 to 17:00"}]
    assert found["totals"] == {
        "excl_tax": {"claimed": "1.5", "more_than_rated": "0.2"},
        "incl_tax": {"claimed": "1.8", "more_than_rated": "0.24"},
        "energy": {"claimed": "7.5", "periods": "7"},
    }
    assert "Total without tax: 1.3 EUR" in found["text"]


def test_why_there_is_no_price_as_data(tmp_path: Path) -> None:
    code, output = run(tmp_path, CDR, "--json")
    found = json.loads(output)
    assert (code, found["rating"]) == (1, None)
    assert "time zone" in found["not_rated"]
    assert found["totals"]["excl_tax"] == {"claimed": "1.5", "more_than_rated": None}


def test_several_tariffs_and_a_list_of_them(tmp_path: Path) -> None:
    """A file may have all of an operator's tariffs; those that the CDR does not name play no part."""
    first, second = CDR["charging_periods"][0], dict(CDR["charging_periods"][0])
    second |= {"start_date_time": "2026-03-02T15:50:00Z", "tariff_id": "T2"}
    cdr = CDR | {"charging_periods": [first | {"dimensions": [{"type": "TIME", "volume": 0.25}]}, second]}
    cheap = {"price_components": [{"type": "ENERGY", "price": 0.1, "step_size": 1}]}
    more = tmp_path / "more.json"
    more.write_text(json.dumps([TARIFF | {"id": "T2", "elements": [cheap]}, TARIFF | {"id": "T3"}]))
    code, output = run(tmp_path, cdr, "--time-zone", "Europe/Brussels", "--tariff", str(more))
    assert code == 0
    assert "ENERGY (tariff T2, element 1): 7 kWh, at 0.1 = 0.7 EUR" in output
    assert "T3" not in output


def test_both_versions_of_a_cdr_and_its_tariff_cost_the_same(tmp_path: Path) -> None:
    old = CDR | {"total_cost": {"excl_vat": 1.5, "incl_vat": 1.8}}
    former = {name: value for name, value in TARIFF.items() if name != "tax_included"}
    outputs = [
        run(tmp_path, cdr, "--time-zone", "Europe/Brussels", tariff=tariff)
        for cdr, tariff in ((CDR, TARIFF), (old, former))
    ]
    assert outputs[0] == outputs[1]


def test_an_answer_of_an_endpoint_has_the_cdr_within(tmp_path: Path) -> None:
    answer = {"data": CDR, "status_code": 1000, "timestamp": "2026-03-02T17:00:00Z"}
    assert run(tmp_path, answer, "--time-zone", "Europe/Brussels") == run(
        tmp_path, CDR, "--time-zone", "Europe/Brussels"
    )


def test_a_cdr_brings_its_own_tariffs(tmp_path: Path) -> None:
    own, other = {"id": "T1", "tariffs": [TARIFF]}, [TARIFF | {"id": "T9"}]
    with pytest.raises(RoamwattError, match="no file has a tariff that the CDR names"):
        run(tmp_path, CDR | own, tariff=other)
    path = tmp_path / "own.json"
    path.write_text(json.dumps(CDR | own))
    command = ["rate", "--cdr", str(path), "--time-zone", "Europe/Brussels"]
    result = CliRunner(env={"COLUMNS": "300"}).invoke(main.build(command), command)
    assert "Total without tax: 1.3 EUR" in result.output


def test_a_right_claim_and_a_low_one_are_called_so(tmp_path: Path) -> None:
    cdr = CDR | {"total_cost": {"excl_vat": 1.3, "incl_vat": 1.5}}
    _, output = run(tmp_path, cdr, "--time-zone", "Europe/Brussels")
    assert "The CDR asks for 1.3 EUR without tax, as its tariffs say." in output
    assert "The CDR asks for 1.5 EUR with tax, 0.06 less than its tariffs say." in output


def test_a_credit_is_compared_with_the_price_that_it_takes_back(tmp_path: Path) -> None:
    cdr = CDR | {"credit": True, "total_cost": {"excl_vat": -1.3, "incl_vat": -1.5}}
    _, output = run(tmp_path, cdr, "--time-zone", "Europe/Brussels")
    assert "The credit CDR asks for -1.3 EUR without tax, as its tariffs say." in output
    assert "The credit CDR asks for -1.5 EUR with tax, 0.06 more than its tariffs say." in output


def test_what_cannot_be_rated_is_said_and_is_an_exit_code(tmp_path: Path) -> None:
    code, output = run(tmp_path, CDR)
    assert code == 1
    assert "No price: period 1, element 1: the time zone of the location is not known." in output
    assert "The CDR asks for 1.5 EUR without tax." in output


@pytest.mark.parametrize(
    ("cdr", "tariff", "arguments", "reason"),
    [
        ("{", TARIFF, (), "cdr.json is no CDR: not a JSON document"),
        ('{"id": NaN}', TARIFF, (), "cdr.json is no CDR: not a JSON document: NaN is no number of JSON"),
        ('{"id": "C1", "id": "C2"}', TARIFF, (), "cdr.json is no CDR: not a JSON document: it says id twice"),
        ("[" * 100_000, TARIFF, (), "cdr.json is no CDR: not a JSON document: too deep"),
        ("5", TARIFF, (), "cdr.json is no CDR: a CDR is no JSON object"),
        ("[]", TARIFF, (), "cdr.json has a list; one CDR is rated here, and `roamwatt audit` takes many"),
        (CDR | {"total_energy": -1e40}, TARIFF, (), "total_energy is no number of at most 20 digits before the point"),
        (CDR | {"end_date_time": "soon"}, TARIFF, (), "end_date_time is no time"),
        (CDR, TARIFF | {"id": "T2"}, (), "no file has a tariff that the CDR names: t1"),
        (CDR, {"id": "T1"}, (), "tariff.json is no tariff: currency is missing"),
        (CDR | {"total_energy": "1e400"}, TARIFF, (), "total_energy is no number"),
        (CDR, TARIFF, ("--time-zone", "Mars/Olympus"), "no time zone Mars/Olympus; they have names like Europe"),
        (CDR, TARIFF, ("--time-zone", "../../etc/passwd"), "no time zone"),
        (CDR, TARIFF, ("--tariff", "absent.json"), "absent.json cannot be read: No such file"),
        (CDR, TARIFF, ("--tariff", "/dev/zero"), "/dev/zero has more than 16,777,216 bytes"),
        (CDR, TARIFF, ("--tariff", "/"), "cannot be read: Is a directory"),
    ],
)
def test_files_that_are_none(tmp_path: Path, cdr: Any, tariff: Any, arguments: tuple[str, ...], reason: str) -> None:
    with pytest.raises(RoamwattError, match=reason.replace(".", r"\.")):
        run(tmp_path, cdr, *arguments, tariff=tariff)


def test_a_cdr_may_come_by_the_input(tmp_path: Path) -> None:
    tariff = tmp_path / "tariff.json"
    tariff.write_text(json.dumps(TARIFF))
    command = ["rate", "--cdr", "-", "--tariff", str(tariff), "--time-zone", "Europe/Brussels"]
    result = CliRunner(env={"COLUMNS": "300"}).invoke(main.build(command), command, input=json.dumps(CDR))
    assert "Total without tax: 1.3 EUR" in result.output
