"""Prints, after a run of tests, which of OCPI's often broken rules its tests showed, and which nobody shows.

A test says `@pytest.mark.ocpi_rule(8)` for a rule that it shows; the rules are those of the partner's guide
(`services/gateway/README.md`, Rule by rule).
"""

from collections import Counter
from typing import Final

import pytest

RULES: Final = {
    1: "HTTP statuses and OCPI's own",
    2: "hub statuses, partners' errors passed on",
    3: "credentials tokens in base64 or raw",
    4: "registration token dies with registration",
    5: "credentials at the wrong moment: 405",
    6: "calling back fails: 3001, 3003",
    7: "roles of the hub",
    8: "pages",
    9: "sessions without date_from",
    10: "PATCH without last_updated: 2001",
    11: "charging_periods: appended, replaced",
    12: "last_updated of parents",
    13: "last_updated is the owner's",
    14: "request and correlation ids",
    15: "configuration modules are not routed",
    16: "broadcast push",
    17: "open routing",
    18: "ids and owners in URLs",
    19: "unknown token: 404 with 2004",
    20: "location references missing: 2002",
    21: "whitelist decides whom to ask",
    22: "commands and their results",
    23: "CDRs: Location, immutable, credits",
    24: "step_size",
    25: "prices of both versions",
    26: "CiString, DateTime, unknown fields",
    27: "EVSEs are never deleted",
    28: "queued state, relayed conversations",
}
_MARK: Final = "ocpi_rule"
_GOOD, _BAD, _SKIPPED = "passed", "failed", "skipped"


def rules_of(item: pytest.Item) -> frozenset[int]:
    """The rules that a test shows.

    Raises:
        pytest.UsageError: for a number that is no rule.
    """
    numbers = frozenset(int(each) for mark in item.iter_markers(_MARK) for each in mark.args)
    if not numbers <= RULES.keys():
        message = f"{item.nodeid}: there is no such rule: {sorted(numbers - RULES.keys())}"
        raise pytest.UsageError(message)
    return numbers


class RuleReport:
    """Counts results by rule; `whole` says that all tests run, so that a rule without one is a fault."""

    def __init__(self, *, whole: bool) -> None:
        self._results: Counter[tuple[int, str]] = Counter()
        self._whole = whole

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note which tests show which rules, where their reports carry it from the process that runs them."""
        for item in items:
            item.user_properties += [(_MARK, number) for number in sorted(rules_of(item))]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a result: of its parts the call, or whichever did not pass."""
        if report.when == "call" or report.outcome != _GOOD:
            for name, number in report.user_properties:
                if name == _MARK and isinstance(number, int):
                    self._results[number, report.outcome] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table, where tests with rules ran; rules that no test shows are named where all tests ran."""
        if not self._results:
            return
        terminalreporter.section("OCPI rules")
        for number, title in RULES.items():
            good, bad, skipped = (self._results[number, each] for each in (_GOOD, _BAD, _SKIPPED))
            if good or bad or skipped:
                more = f", {skipped} skipped" if skipped else ""
                line, fine = f"{good:4} passed, {bad} failed{more}", not bad and bool(good)
            elif self._whole:
                line, fine = "NO TEST SHOWS THIS RULE", False
            else:
                continue
            terminalreporter.write_line(f"{number:3}  {title:42} {line}", green=fine, red=not fine)
        if self._whole:
            self._sum(terminalreporter)

    def _sum(self, terminalreporter: pytest.TerminalReporter) -> None:
        missing = [number for number in RULES if not self._results[number, _GOOD]]
        broken = sorted({number for number, outcome in self._results if outcome == _BAD})
        told = f"rules shown: {len(RULES) - len(missing)} of {len(RULES)}"
        told += f"; MISSING: {missing}" if missing else ""
        told += f"; BROKEN: {broken}" if broken else ""
        terminalreporter.write_line(told, bold=True, red=bool(missing or broken), green=not (missing or broken))


def pytest_configure(config: pytest.Config) -> None:
    """Count in this run."""
    chosen = [config.getoption(name, default="") for name in ("keyword", "markexpr")]
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(chosen)
    config.pluginmanager.register(RuleReport(whole=whole), "ocpi-rules")
