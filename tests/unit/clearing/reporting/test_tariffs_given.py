from typing import Any

import pytest

from services.clearing.reporting.tariffs_given import owner_of


def test_the_owner_is_named_in_one_form() -> None:
    assert owner_of({"country_code": "nl", "party_id": "cso"}) == "NL-CSO"


@pytest.mark.parametrize(
    "document",
    [{}, {"country_code": "NL"}, {"country_code": "", "party_id": ""}, {"country_code": "NL", "party_id": 1}],
    ids=["neither", "half", "empty", "a number"],
)
def test_what_does_not_say_whose_it_is_is_nobodys(document: dict[str, Any]) -> None:
    assert owner_of(document) == ""
