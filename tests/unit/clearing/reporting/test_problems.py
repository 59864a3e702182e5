from services.clearing.reporting.problems import MOST_TOLD, Problems


def test_so_many_problems_are_told_and_the_others_counted() -> None:
    problems = Problems()
    for number in range(MOST_TOLD):
        problems.add(f"line {number}")
    assert list(problems) == [f"line {number}" for number in range(MOST_TOLD)]
    problems.add("one")
    problems.add("another")
    assert list(problems)[MOST_TOLD - 1 :] == [f"line {MOST_TOLD - 1}", "there are 2 more like these"]
