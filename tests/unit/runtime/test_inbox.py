"""The inbox's pure parts; its behaviour under faults is in `exactly_once`."""

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.inbox import halves, outside
from services.runtime.ports import Offset, Part, Partition, Record


def part(number: int, start: int, offsets: list[int]) -> Part:
    records = [Record(offset, None, b"", (), 0) for offset in offsets]
    return Part(Partition("t", number), Offset(start, "c"), records)


@st.composite
def batches(draw: st.DrawFn) -> list[Part]:
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4).filter(lambda sizes: sum(sizes) > 1))
    made = []
    for number, size in enumerate(sizes):
        gaps = draw(st.lists(st.integers(1, 3), min_size=size, max_size=size))
        made.append(part(number, 5, [5 + sum(gaps[: n + 1]) for n in range(size)]))
    return made


@given(batches())
def test_halves_keep_every_record_once_and_each_parts_chain_of_positions(batch: list[Part]) -> None:
    left, right = halves(batch)
    count = [sum(len(each.records) for each in half) for half in (left, right)]
    assert min(count) >= 1
    for whole in batch:
        chain = [each for each in left + right if each.partition == whole.partition]
        assert [record for each in chain for record in each.records] == list(whole.records)
        assert [each.start.position for each in chain] == [whole.start.position, *(each.end for each in chain[:-1])]


def test_a_position_fits_its_own_log_within_its_bounds_alone() -> None:
    assert outside(Offset(3, "c"), "c", (3, 9)) is None
    assert outside(Offset(9, "c"), "c", (3, 9)) is None
    assert "cluster" in str(outside(Offset(3, "c"), "d", (3, 9)))
    assert "outside" in str(outside(Offset(10, "c"), "c", (3, 9)))
    assert "outside" in str(outside(Offset(2, "c"), "c", (3, 9)))
