from decimal import Decimal

import pytest

from services.clearing.audit.codes import Code
from services.clearing.audit.numbering import NumberingRules, gaps

FEW = NumberingRules(least_ids=3)


def numbers(*missing: int, last: int = 30) -> list[str]:
    return [f"C-{number}" for number in range(1, last + 1) if number not in missing]


@pytest.mark.parametrize(
    ("ids", "missing", "ranges"),
    [
        (numbers(7), "1", "C-7"),
        (numbers(7, 8, 9, 20), "4", "C-7 to C-9, C-20"),
        ([*numbers(7), *numbers(7)], "1", "C-7"),
        ([*reversed(numbers(7))], "1", "C-7"),
        ([*numbers(7), "X-1", "no-number", "C-12-C"], "1", "C-7"),
        ([f"{number:06d}" for number in range(1, 200) if number != 99], "1", "000099"),
    ],
)
def test_a_gap_in_a_numbering_is_found(ids: list[str], missing: str, ranges: str) -> None:
    (finding,) = gaps(ids)
    assert finding.code is Code.NUMBERING_GAP
    assert (finding.numbers["missing"], finding.numbers["ranges"]) == (missing, ranges)


@pytest.mark.parametrize(
    "ids",
    [
        numbers(),
        numbers(last=19)[::2],
        # A sender that counts over all its home-CSPs, of whom this is one.
        [f"C-{number}" for number in range(1, 1000, 5)],
        [f"{number:x}-{number * 7919 % 100003}" for number in range(50)],
        [],
        ["", "5", "9" * 40],
    ],
)
def test_what_is_no_numbering_or_has_no_gap_is_legal(ids: list[str]) -> None:
    assert list(gaps(ids)) == []


def test_each_numbering_of_a_sender_is_told_by_itself() -> None:
    found = list(gaps(["A1", "A2", "A4", "A5", "A6", "B1", "B2", "B3", "B5", "B6"], FEW))
    assert [(each.numbers["first"], each.numbers["last"], each.numbers["ranges"]) for each in found] == [
        ("A1", "A6", "A3"),
        ("B1", "B6", "B4"),
    ]


def test_many_gaps_are_counted_and_some_are_named() -> None:
    ids = [str(number) for number in range(1000) if number % 10]
    (finding,) = gaps(ids, NumberingRules(max_ranges_shown=2))
    assert finding.numbers["missing"] == "99"
    assert finding.numbers["ranges"] == "10, 20 and 97 more gaps"


def test_a_share_decides_what_is_a_numbering() -> None:
    half = numbers(*range(2, 30, 2))
    assert list(gaps(half)) == []
    assert len(list(gaps(half, NumberingRules(least_ids=3, least_share=Decimal("0.5"))))) == 1


def test_the_least_that_makes_a_numbering_does() -> None:
    three_quarters = NumberingRules(least_ids=3, least_share=Decimal("0.75"))
    (finding,) = gaps(["A1", "A2", "A4"], three_quarters)
    assert finding.numbers["ranges"] == "A3"
    assert list(gaps(["A1", "A2", "A4"], NumberingRules(least_ids=4, least_share=Decimal("0.75")))) == []
    assert list(gaps(["A1", "A2", "A5"], three_quarters)) == []


def test_as_many_gaps_as_are_named_are_no_more() -> None:
    rules = NumberingRules(least_ids=3, least_share=Decimal("0.5"), max_ranges_shown=2)
    (finding,) = gaps(["A1", "A2", "A4", "A5", "A7"], rules)
    assert finding.numbers["ranges"] == "A3, A6"


@pytest.mark.parametrize(
    ("unreadable", "ranges"),
    [
        (["C-7", "C-7"], "C-9"),
        (["C-9", "X-7", "no-number"], "C-7"),
        # What lies beyond the CDRs of this sender may be another's.
        (["C-0", "C-31", "C-40"], "C-7, C-9"),
    ],
)
def test_what_came_and_cannot_be_read_is_not_missing(unreadable: list[str], ranges: str) -> None:
    (finding,) = gaps(numbers(7, 9), unreadable=unreadable)
    assert finding.numbers["ranges"] == ranges


def test_a_gap_of_cdrs_that_cannot_be_read_is_none() -> None:
    assert list(gaps(numbers(7, 9), unreadable=["C-9", "C-7"])) == []
