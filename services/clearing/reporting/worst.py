"""The worst cases of a file: at most so many of each currency, however many rows there are."""

import heapq
from decimal import Decimal
from itertools import count
from typing import Final

from services.clearing.audit.findings import Verdict
from services.clearing.reporting.judging import Judged
from services.core.money import ZERO

MOST_CURRENCIES: Final = 20
_ORDER: Final = {verdict: place for place, verdict in enumerate(Verdict)}


class Worst:
    """Keeps the CDRs with most at stake, each currency by itself: amounts of two currencies do not compare."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heaps: dict[str, list[tuple[Decimal, int, int, Judged]]] = {}
        self._later = count(0, -1)

    def add(self, judged: Judged) -> None:
        """Look at a CDR; one that is accepted or flagged is no case, nor one with nothing at stake."""
        if judged.claim is None or judged.verdict.books:
            return
        amount = at_stake(judged)
        if amount <= 0:
            return
        heap = self._heaps.get(judged.claim.currency)
        if heap is None:
            if len(self._heaps) >= MOST_CURRENCIES:
                return
            heap = self._heaps[judged.claim.currency] = []
        entry = (amount, _ORDER[judged.verdict], next(self._later), judged)
        if len(heap) < self._most:
            heapq.heappush(heap, entry)
        elif entry[:3] > heap[0][:3]:
            heapq.heapreplace(heap, entry)

    def cases(self) -> dict[str, list[Judged]]:
        """Return them by currency, the worst first; the currency with most at stake by these first."""
        return {
            currency: [judged for *_, judged in sorted(heap, key=lambda entry: entry[:3], reverse=True)]
            for currency, heap in sorted(self._heaps.items())
        }


def at_stake(judged: Judged) -> Decimal:
    """Return what a CDR asks for and should not have: what is beyond our price, or all of it.

    All of it where it was asked for before, and where it is rejected or disputed for another reason than its price.
    """
    if judged.claim is None:
        return ZERO
    if judged.over is not None and not judged.repeated:
        return abs(judged.over)
    return abs(judged.claim.total_excl_tax)
