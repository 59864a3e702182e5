"""The admin API of clearing on the real PostgreSQL."""

from sqlalchemy import text

from services.clearing import reports
from tests.integration.clearing_api import Api
from tests.integration.clearing_rig import agreement, cdr, on, session
from tests.unit.clearing import samples


async def test_a_cdr_is_shown_once_it_has_a_verdict(api: Api) -> None:
    await api.cdr("C/1 a", total_cost_excl_tax="x")
    await api.cdr("C2", session_id="S1")
    status, shown = await api.get("cdrs/be-bec/c/1%20A")
    assert (status, shown["verdict"], shown["amount"], shown["cdr_id"]) == (200, "REJECTED", "0.00000000", "C/1 a")
    assert shown["findings"][0]["code"] == shown["finding_codes"][0] == "NUMBER_OUT_OF_RANGE"
    status, shown = await api.get("cdrs/BE-BEC/C2")
    assert status == 404
    assert "waits" in shown["detail"]
    status, shown = await api.get("cdrs/BE-BEC/C3")
    assert (status, shown["detail"]) == (404, "there is no such CDR")


async def test_a_cdr_is_shown_with_its_reasons_and_their_numbers(api: Api) -> None:
    await api.rig.take("session.tracked", session())
    await api.rig.take("cdr.submitted", cdr(total_cost_excl_tax="99"))
    _, shown = await api.get("cdrs/BE-BEC/C1")
    found = {each["code"]: each for each in shown["findings"]}
    assert found["TOTAL_MISMATCH"]["severity"] == "REJECT"
    assert found["TOTAL_MISMATCH"]["numbers"]["claimed"] == "99"
    assert found["TOTAL_MISMATCH"]["numbers"]["rated"] == "5"
    explanation = shown["explanation"]
    assert explanation["compared"] == [{"part": "energy", "claimed": "5", "rated": "5"}]
    assert explanation["rating"]["parts"][0]["element"] == 1
    assert (explanation["agreement"], explanation["tariffs"][0]["id"]) == ({"id": "A1", "version": 1}, "T1")
    assert any("20 kWh, at 0.25 = 5 EUR" in line for line in explanation["text"])
    assert "explanation" not in (await api.get("cdrs"))[1]["cdrs"][0]


async def test_a_cdr_of_a_release_that_kept_no_reasons_is_shown_without(api: Api) -> None:
    await api.cdr("C1")
    async with api.rig.engine.begin() as connection:
        await connection.execute(text("UPDATE clearing.cdrs SET explanation = NULL"))
    assert (await api.get("cdrs/BE-BEC/C1"))[1]["explanation"] is None


async def test_cdrs_are_found_by_their_id_whoever_sent_them(api: Api) -> None:
    await api.cdr("C1")
    await api.cdr("C2")
    await api.rig.take("agreement.concluded", agreement(visited_cso="BE-OTH"), agreement(visited_cso="AT-OTH"))
    await api.cdr("c1", visited_cso="BE-OTH")
    await api.cdr("C3", visited_cso="AT-OTH")
    found = [(await api.get("cdrs", id=name))[1]["cdrs"] for name in ("C1", "C2", "C4")]
    senders = [[each["visited_cso"] for each in rows] for rows in found]
    assert senders == [["BE-BEC", "BE-OTH"], ["BE-BEC"], []]


async def test_lists_have_bounded_pages_that_lead_to_all(api: Api) -> None:
    for number in range(5):
        await api.cdr(f"C{number}", home_csp="DE-ABC" if number == 4 else samples.CSP)
    seen: list[str] = []
    after: dict[str, str | int] = {}
    while True:
        _, page = await api.get("cdrs", **after)
        assert len(page["cdrs"]) <= 2
        seen += [each["cdr_id"] for each in page["cdrs"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == ["C0", "C1", "C2", "C3", "C4"]
    assert [each["cdr_id"] for each in (await api.get("cdrs", csp="de-abc"))[1]["cdrs"]] == ["C4"]
    assert (await api.get("cdrs", code="TARIFF_NOT_NAMED", verdict="ACCEPTED", limit=1))[1]["next"] == "BE-BEC|c0"
    assert (await api.get("cdrs", code="NO_AGREEMENT"))[1]["cdrs"] == []
    assert (await api.get("cdrs", limit=3))[0] == (await api.get("cdrs", after="x"))[0] == 422


async def test_balances_say_who_owes_whom(api: Api) -> None:
    await api.cdr("C1")
    await api.cdr("C2", total_cost_incl_tax="1.25")
    await api.cdr("C3", currency="GBP", home_csp="DE-ABC")
    status, shown = await api.get("balances/BE-BEC/NL-TNM")
    assert status == 200
    [line] = shown["balances"]
    assert (line["owed"], line["currency"], line["postings"]) == ("6.75000000", "EUR", 2)
    assert (line["receivable"], line["payable"]) == ("BE-BEC/receivable/NL-TNM", "NL-TNM/payable/BE-BEC")
    _, first = await api.get("balances", limit=1)
    _, second = await api.get("balances", limit=1, after=first["next"])
    assert [first["balances"][0]["home_csp"], second["balances"][0]["home_csp"]] == ["DE-ABC", "NL-TNM"]
    assert second["next"] is None
    assert (await api.get("balances/BE-BEC/FR-XYZ"))[1]["balances"] == []


async def test_the_summary_adds_up(api: Api) -> None:
    await api.cdr("C1")
    await api.cdr("C2", total_energy="-1")
    await api.cdr("C3", total_cost_excl_tax="x")
    await api.cdr("C4", session_id="S1")
    await api.cdr("C5", home_csp="DE-ABC", visited_cso="BE-OTH")
    _, shown = await api.get("summary", cso="BE-BEC")
    assert {each["verdict"]: each["cdrs"] for each in shown["verdicts"]} == {"ACCEPTED": 1, "FLAGGED": 1, "REJECTED": 1}
    found = {(each["verdict"], each["code"]): each["cdrs"] for each in shown["findings"]}
    assert found["FLAGGED", "ENERGY_NEGATIVE_BILLED"] == found["REJECTED", "NUMBER_OUT_OF_RANGE"] == 1
    [place_shown] = shown["locations"]
    assert (place_shown["location_id"], place_shown["cdrs"]) == ("L1", 3)
    assert (place_shown["kwh"], place_shown["amount"]) == ("39.00000000", "11.00000000")
    assert shown["waiting"] == 1
    assert (await api.get("summary"))[1]["waiting"] == 2


async def test_gaps_in_a_csos_numbering_are_told(api: Api) -> None:
    numbers = [number for number in range(30) if number not in {7, 8, 20}]
    await api.rig.take("cdr.submitted", *(on(number, cdr_id=f"R-{number:04}") for number in numbers if number != 15))
    await api.cdr("R-0015", session_id="waits")
    status, shown = await api.get("numbering/be-bec")
    assert (status, shown["cdrs"], shown["complete"]) == (200, 27, True)
    (gap,) = shown["gaps"]
    assert gap["numbers"]["missing"] == "3"
    assert "R-0007 to R-0008, R-0020" in gap["detail"]
    assert (await api.get("numbering/DE-OTH"))[1]["gaps"] == []


async def test_no_more_ids_are_looked_at_than_the_bound(api: Api) -> None:
    await api.rig.take("cdr.submitted", *(on(number) for number in range(4)))
    async with api.rig.engine.connect() as connection:
        assert len(await reports.ids_of(connection, "BE-BEC", 3)) == 3
