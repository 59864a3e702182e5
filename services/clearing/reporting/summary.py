"""What a report counts and sums: pure, and of a size that does not grow with the rows."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Generic, TypeVar

from services.clearing.audit.codes import Code, Severity
from services.clearing.audit.findings import Finding, Verdict
from services.clearing.audit.price import WITH_TAX
from services.clearing.reporting.judging import Judged
from services.core.money import EXACT, ZERO

MOST_GROUPS: Final = 20_000
"""Different pairs, tariffs or places that are told apart; what comes after them is counted together."""

MOST_EXAMPLES: Final = 3
OTHERS: Final = "others"

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class Tally:
    """Sums over CDRs of one currency.

    Attributes:
        claimed: Without tax.
        over: What was asked for beyond our price by `over_cdrs` of them, more than tolerated, and not a second time.
        under: Likewise less than our price, a positive number.
        repeated: What was claimed by those that were asked for before.
        rejected: What was claimed by those that are rejected.
        disputed: Likewise disputed.
    """

    cdrs: int = 0
    kwh: Decimal = ZERO
    claimed: Decimal = ZERO
    rated_cdrs: int = 0
    over_cdrs: int = 0
    over: Decimal = ZERO
    under_cdrs: int = 0
    under: Decimal = ZERO
    repeated_cdrs: int = 0
    repeated: Decimal = ZERO
    rejected: Decimal = ZERO
    disputed: Decimal = ZERO
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    def add(self, judged: Judged) -> None:
        """Count a CDR."""
        claim, over = judged.claim, judged.over
        self.cdrs += 1
        self.verdicts[judged.verdict] += 1
        if claim is None:
            return
        self.claimed = EXACT.add(self.claimed, claim.total_excl_tax)
        if not claim.credit:
            self.kwh = EXACT.add(self.kwh, claim.energy)
        self.rated_cdrs += judged.audit is not None and judged.audit.rated is not None
        if judged.repeated:
            self.repeated_cdrs += 1
            self.repeated = EXACT.add(self.repeated, claim.total_excl_tax)
        elif over is not None and over > 0:
            self.over_cdrs += 1
            self.over = EXACT.add(self.over, over)
        elif over is not None:
            self.under_cdrs += 1
            self.under = EXACT.subtract(self.under, over)
        if judged.verdict is Verdict.REJECTED:
            self.rejected = EXACT.add(self.rejected, claim.total_excl_tax)
        elif judged.verdict is Verdict.DISPUTED:
            self.disputed = EXACT.add(self.disputed, claim.total_excl_tax)


class Groups(Generic[K, V]):
    """Things by a key, of which there are never more than so many."""

    def __init__(self, make: Callable[[], V], others: K) -> None:
        self._make = make
        self._others = others
        self._found: dict[K, V] = {}

    def of(self, key: K) -> V:
        """Return the thing of a key, made if need be."""
        found = self._found.get(key)
        if found is None:
            key = key if len(self._found) < MOST_GROUPS else self._others
            found = self._found.setdefault(key, self._make())
        return found

    def items(self) -> Iterator[tuple[K, V]]:
        """Give all of them."""
        yield from self._found.items()

    def __len__(self) -> int:
        return len(self._found)


@dataclass(frozen=True, slots=True)
class Example:
    """One CDR that shows what a code means."""

    number: int
    line: int
    cdr_id: str
    cso: str
    detail: str


@dataclass(slots=True)
class CodeTally:
    """The CDRs with one code at one severity.

    Attributes:
        claimed: What they ask for without tax, by currency.
    """

    cdrs: int = 0
    claimed: dict[str, Decimal] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)

    def add(self, judged: Judged, finding: Finding) -> None:
        """Count a CDR."""
        self.cdrs += 1
        claim = judged.claim
        if claim is not None:
            self.claimed[claim.currency] = EXACT.add(self.claimed.get(claim.currency, ZERO), claim.total_excl_tax)
        if len(self.examples) < MOST_EXAMPLES:
            cso = "" if claim is None else claim.visited_cso
            self.examples.append(Example(judged.number, judged.line, judged.cdr_id or "", cso, finding.detail))


class Spread:
    """How far claims lie from our prices: CDRs by class of the difference, in percent of our price."""

    BORDERS: Final = (-50, -10, -1, 1, 10, 50)
    LABELS: Final = (
        *("50 % or more below", "10 to 50 % below", "1 to 10 % below", "within 1 %"),
        *("1 to 10 % above", "10 to 50 % above", "50 % or more above"),
    )

    def __init__(self) -> None:
        self.cdrs = [0] * len(self.LABELS)

    def add(self, judged: Judged) -> None:
        """Count a CDR that has a price of ours."""
        rated = None if judged.audit is None else judged.audit.rated
        if rated is None or rated.excl_tax is None or judged.claim is None:
            return
        difference = EXACT.subtract(judged.claim.total_excl_tax, rated.excl_tax)
        self.cdrs[self._class_of(difference, abs(rated.excl_tax))] += 1

    def _class_of(self, difference: Decimal, price: Decimal) -> int:
        if not difference:
            return 3
        if not price:
            return 6 if difference > 0 else 0
        percent = EXACT.multiply(EXACT.divide(difference, price), Decimal(100))
        below = sum(percent > border for border in self.BORDERS[:3])
        return below + sum(percent >= border for border in self.BORDERS[3:])


class Summary:
    """All sums of a report."""

    def __init__(self) -> None:
        self.rows = 0
        self.unreadable = 0
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.verdicts: Counter[Verdict] = Counter()
        self.codes: dict[tuple[Code, Severity], CodeTally] = {}
        self.currencies: Groups[str, Tally] = Groups(Tally, OTHERS)
        self.pairs: Groups[tuple[str, str, str], Tally] = Groups(Tally, (OTHERS, OTHERS, ""))
        self.days: Groups[tuple[str, str], Tally] = Groups(Tally, (OTHERS, ""))
        self.tariffs: Groups[tuple[str, str, str], Tally] = Groups(Tally, (OTHERS, OTHERS, ""))
        self.places: Groups[tuple[str, str, str], Tally] = Groups(Tally, (OTHERS, OTHERS, ""))
        self.spread = Spread()
        self.wrong_with_tax = 0

    @property
    def notes(self) -> list[str]:
        """What is to be said of the sums."""
        if not self.rows:
            return ["The file has no CDR, so nothing was audited."]
        if not self.wrong_with_tax:
            return []
        return [
            f"CDRs whose total is wrong with tax alone: {self.wrong_with_tax:,}. "
            "What these ask for too much or too little is told with the tax in it."
        ]

    def add(self, judged: Judged) -> None:
        """Count a row."""
        self.rows += 1
        self.verdicts[judged.verdict] += 1
        for finding in {finding.code: finding for finding in judged.findings}.values():
            self._code(finding).add(judged, finding)
        if judged.claim is None:
            self.unreadable += 1
            return
        self._add_claim(judged)

    def _code(self, finding: Finding) -> CodeTally:
        key = (finding.code, finding.severity)
        found = self.codes.get(key)
        return self.codes.setdefault(key, CodeTally()) if found is None else found

    def _add_claim(self, judged: Judged) -> None:
        claim = judged.claim
        assert claim is not None  # noqa: S101
        started, currency = claim.started_at, claim.currency
        self.first = started if self.first is None or started < self.first else self.first
        self.last = started if self.last is None or started > self.last else self.last
        self.currencies.of(currency).add(judged)
        self.pairs.of((claim.visited_cso, claim.home_csp, currency)).add(judged)
        self.days.of((started.date().isoformat(), currency)).add(judged)
        if judged.over is not None and not judged.repeated:
            totals = (each.numbers for each in judged.findings if each.code is Code.TOTAL_MISMATCH)
            self.wrong_with_tax += any(numbers["tax"] == WITH_TAX for numbers in totals)
        if judged.over is not None or judged.repeated:
            self.places.of((claim.visited_cso, claim.location_id, currency)).add(judged)
            for name in claim.tariff_names.values():
                self.tariffs.of((claim.visited_cso, name, currency)).add(judged)
        self.spread.add(judged)

    @property
    def cdrs(self) -> int:
        """The rows that are CDRs."""
        return self.rows - self.unreadable
