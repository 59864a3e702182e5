"""`make bench`: measures on this machine, prints a table and writes `build/bench.json`.

The figures of one machine say little about another's; ratios against the bare servers of the same run say more.
"""

import argparse
import asyncio
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.layout import CHECKOUT
from tests.bench import auditing, bridging, clearing, fanout, gateway, pages, rating, statuses
from tests.bench.figures import Figure
from tests.bench.memory import footprint, resident_megabytes
from tests.bench.rig import Bench, bench
from tests.support.command import roamwatt

NAMES = (
    *("footprint", "authorize_whitelist", "replay", "cdr_post", "status_updates", "fanout", "page_first", "page_last"),
    *("clear", "bridge", "rate_small", "rate_large", "audit"),
)
OF_NO_DEPLOYMENT = frozenset({"clear", "bridge", "rate_small", "rate_large", "audit"})
DATA_FILE = "dundee-2018-06-06_2018-09-06.csv"
REPLAY_SECONDS = 1800

Measured = TypeVar("Measured")
Measure: TypeAlias = Callable[[Bench, int, float], Awaitable[Figure]]

console = Console(highlight=False)


def arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="these figures alone")
    parser.add_argument("--runs", type=int, default=3, help="runs of each figure; it is their median")
    parser.add_argument("--seconds", type=float, default=10, help="length of each run of a load")
    parser.add_argument("--rows", type=int, default=6000, help="rows of the replay")
    parser.add_argument("--records", type=int, default=20_000, help="CDRs that clearing is measured with")
    parser.add_argument("--cdrs", type=int, default=1_000_000, help="CDRs in the file that the audit is measured with")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "build" / "bench.json")
    return parser.parse_args()


def main() -> None:
    """Measure what was asked for."""
    options = arguments()
    # New topics are without a leader for a moment, which its client says for each record.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    figures: list[Figure] = []
    if set(options.only) - OF_NO_DEPLOYMENT:
        figures += _told("deployment", lambda: _on_a_deployment(options))
    figures += _attempt("clear", options, lambda: [asyncio.run(clearing.clear(options.runs, options.records))])
    figures += _attempt("bridge", options, lambda: [bridging.bridge(options.runs)])
    figures += _attempt("rate_small", options, lambda: [rating.rate_small(options.runs, options.seconds)])
    figures += _attempt("rate_large", options, lambda: [rating.rate_large(options.runs, options.seconds)])
    figures += _attempt("audit", options, lambda: [auditing.audit(options.cdrs)])
    console.print(_table(figures))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    told = {each.name: each.as_json() for each in figures}
    options.output.write_text(json.dumps(told, indent=2) + "\n")
    console.print(f"written to {options.output}")
    unmeasured = [name for name in options.only if name not in told]
    if unmeasured:
        raise SystemExit(f"not measured: {', '.join(unmeasured)}")


def _on_a_deployment(options: argparse.Namespace) -> Iterator[Figure]:
    home = Path(tempfile.mkdtemp(prefix="roamwatt-bench-"))
    try:
        with Deployment.prepare(home) as deployment:
            idle = resident_megabytes(deployment)
            yield from _of_parties("authorize_whitelist", gateway.authorize_whitelist, deployment, options)
            yield from _attempt("replay", options, lambda: _replay(deployment, options))
            yield from _attempt("footprint", options, lambda: [footprint(idle, resident_megabytes(deployment))])
            yield from _of_parties("cdr_post", gateway.cdr_post, deployment, options)
            yield from _of_parties("status_updates", statuses.status_updates, deployment, options)
            yield from _of_parties("fanout", fanout.fanout, deployment, options)
            if {"page_first", "page_last"} & set(options.only):
                measure = partial(pages.pages, runs=options.runs, seconds=options.seconds)
                yield from _told("pages", lambda: _with_parties(deployment, measure))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _of_parties(name: str, measure: Measure, deployment: Deployment, options: argparse.Namespace) -> Iterable[Figure]:
    """Measure one figure, with two parties connected, if it was asked for."""

    async def asked(ready: Bench) -> Figure:
        return await measure(ready, options.runs, options.seconds)

    return _attempt(name, options, lambda: [_with_parties(deployment, asked)])


def _attempt(name: str, options: argparse.Namespace, measure: Callable[[], Iterable[Figure]]) -> Iterable[Figure]:
    """Measure one figure if it was asked for."""
    return _told(name, measure) if name in options.only else ()


def _told(name: str, measure: Callable[[], Iterable[Figure]]) -> Iterator[Figure]:
    """Measure; whatever goes wrong is told, and takes no other figure with it."""
    try:
        yield from measure()
    except Exception as error:
        console.print(f"{name} is not measured: {type(error).__name__}: {escape(str(error))}")


def _with_parties(deployment: Deployment, measure: Callable[[Bench], Awaitable[Measured]]) -> Measured:
    """Measure with two parties connected."""

    async def connected() -> Measured:
        async with bench(deployment) as ready:
            return await measure(ready)

    return asyncio.run(connected())


def _replay(deployment: Deployment, options: argparse.Namespace) -> list[Figure]:
    folder = Path(os.environ.get("ROAMWATT_DATA", CHECKOUT.parent / "shared" / "data"))
    if not (folder / DATA_FILE).is_file():
        console.print(f"replay is not measured: no {DATA_FILE} in {folder} (ROAMWATT_DATA names the folder)")
        return []
    command = ["replay", str(folder / DATA_FILE), "--json", "--limit", str(options.rows)]
    told = [_command(deployment, command) for _ in range(options.runs)]
    return [Figure("replay", "rows/s", [each["rows_per_second"] for each in told], more={"rows": told[0]["sent"]})]


def _command(deployment: Deployment, words: Sequence[str]) -> dict[str, float]:
    done = roamwatt(deployment.layout.home, *words, timeout_seconds=REPLAY_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-1000:])
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _table(figures: Sequence[Figure]) -> Table:
    table = Table(title="Bench", title_justify="left", box=None)
    for heading in ("figure", "value", "unit", "bare", "ratio", "p50 ms", "p99 ms", "goal"):
        table.add_column(heading, justify="left" if heading in {"figure", "unit", "goal"} else "right")
    for each in figures:
        numbers = (each.bare, each.ratio, each.p50_ms, each.p99_ms)
        shown = ["" if number is None else f"{number:,.2f}" for number in numbers]
        table.add_row(each.name, f"{each.value:,.1f}", each.unit, *shown, each.goal)
    return table


if __name__ == "__main__":
    main()
