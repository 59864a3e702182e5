from pathlib import Path

from services.clearing.reporting import as_text
from services.clearing.reporting.as_data import as_data
from tests.unit.clearing.reporting.samples import NOW, audited, cdr, terms


def test_a_session_until_the_end_of_all_times_is_explained_where_the_clock_is_ahead(tmp_path: Path) -> None:
    place = {"country_code": "NL", "party_id": "CSO", "id": "L1", "time_zone": "Europe/Amsterdam"}
    endless = cdr(end="9999-12-31T23:59:59Z", cost=7)
    report, _ = audited(tmp_path, [endless], terms(locations=[place]))
    assert "9999-12-31 23:59:59 UTC" in as_text.plain(as_data(report, NOW))
