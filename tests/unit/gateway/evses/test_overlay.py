from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.gateway.evses.overlay import EvseState, following, laid_over, overlaid, states_of
from services.gateway.ocpi import documents
from services.gateway.ocpi.versions import V2_2_1, V2_3_0
from tests.unit.gateway import samples

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
HELD = EvseState("e1", "E1", "FR*SUN*E1", "AVAILABLE", NOW)
AHEAD = replace(HELD, status="CHARGING", last_updated=NOW + timedelta(hours=1), version=2, ahead=True)


def location(**fields: Any) -> dict[str, Any]:
    return samples.location(evses=[samples.evse(), samples.evse(uid="E2")], **fields)


def test_a_document_says_the_states_of_its_evses_by_their_ids_without_case() -> None:
    found = states_of(location(), NOW, V2_2_1)
    assert list(found) == ["e1", "e2"]
    assert found["e1"] == HELD
    undated = samples.location(evses=[samples.evse(last_updated=None)])
    assert states_of(undated, NOW, V2_2_1)["e1"].last_updated == NOW
    assert states_of(samples.location(evses=None), NOW, V2_2_1) == {}


def test_a_state_says_which_version_can_show_its_evse() -> None:
    known, megawatt = (samples.connector(standard=each) for each in ("SAE_J3400", "MCS"))
    kinds = {"E1": [known], "E2": [megawatt], "E3": [known, megawatt]}
    newer = samples.location(evses=[samples.evse(uid=uid, connectors=each) for uid, each in kinds.items()])
    found = states_of(newer, NOW, V2_3_0)
    assert {key: state.shown_from for key, state in found.items()} == {"e1": "", "e2": "OCPI-2.3.0", "e3": ""}
    assert {state.shown_from for state in states_of(newer, NOW, V2_2_1).values()} == {""}


def test_newer_states_are_laid_over_and_move_the_location() -> None:
    merged = laid_over(location(), [AHEAD])
    assert [each["status"] for each in merged["evses"]] == ["CHARGING", "AVAILABLE"]
    assert merged["evses"][0]["last_updated"] == merged["last_updated"] == samples.LATER
    assert merged["evses"][1] == location()["evses"][1]


def test_an_older_date_of_an_evse_does_not_move_its_location_back() -> None:
    assert laid_over(location(last_updated="2026-03-02T00:00:00Z"), [AHEAD])["last_updated"] == "2026-03-02T00:00:00Z"


def test_without_newer_states_the_bytes_stay_as_they_are() -> None:
    body = b'{ "evses" : [] }'
    assert overlaid(body, []) is body
    assert documents.parse(overlaid(documents.render(location()), [AHEAD]), 32) == laid_over(location(), [AHEAD])


def test_what_a_document_says_follows_what_is_stored() -> None:
    same = {"e1": HELD}
    assert following(same, same) == []
    assert following({}, same) == [HELD]
    (changed,) = following({"e1": AHEAD}, same)
    assert (changed.status, changed.version, changed.ahead) == ("AVAILABLE", 3, False)
    (caught_up,) = following({"e1": AHEAD}, {"e1": replace(AHEAD, version=1, ahead=False)})
    assert (caught_up.version, caught_up.ahead) == (2, False)
