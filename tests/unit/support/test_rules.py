"""The table of OCPI's rules that a run of tests ends with."""

import pytest

pytest_plugins = ["pytester"]

SETTINGS = """
[pytest]
testpaths = .
markers =
    ocpi_rule(number): shows a rule
"""
TESTS = """
import pytest

@pytest.mark.ocpi_rule(1)
def test_one():
    pass

@pytest.mark.ocpi_rule(1)
@pytest.mark.ocpi_rule(2)
def test_both():
    raise AssertionError

@pytest.mark.ocpi_rule(3)
@pytest.mark.skip
def test_skipped():
    pass

def test_none():
    pass
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini(SETTINGS)
    pytester.makepyfile(TESTS)
    return pytester


def ran(run: pytest.Pytester, *options: str) -> str:
    return run.runpytest_inprocess("-p", "tests.support.rules", "-p", "no:asyncio", *options).stdout.str()


def test_every_rule_has_its_line_and_those_that_nobody_shows_are_named(run: pytest.Pytester) -> None:
    told = ran(run)
    lines = {line[:3].strip(): line for line in told.partition("OCPI rules")[2].splitlines()}
    assert "1 passed, 1 failed" in lines["1"]
    assert "0 passed, 1 failed" in lines["2"]
    assert "1 skipped" in lines["3"]
    assert "NO TEST SHOWS THIS RULE" in lines["28"]
    assert f"rules shown: 1 of 28; MISSING: {list(range(2, 29))}; BROKEN: [1, 2]" in told


def test_a_run_of_some_tests_names_their_rules_alone(run: pytest.Pytester) -> None:
    told = ran(run, "-k", "one")
    assert "HTTP statuses" in told
    assert "NO TEST" not in told
    assert "OCPI rules" not in ran(run, "-k", "none")


def test_a_number_that_is_no_rule_stops_the_run(run: pytest.Pytester) -> None:
    run.makepyfile(test_wrong="import pytest\n@pytest.mark.ocpi_rule(29)\ndef test_it(): pass")
    answered = run.runpytest_inprocess("-p", "tests.support.rules", "-p", "no:asyncio")
    assert answered.ret is pytest.ExitCode.USAGE_ERROR
