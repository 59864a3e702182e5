"""`python -m tests.faults --minutes 20 [--seed N]`: the long fault run; exits with 0 only when all comparisons hold."""

import argparse
import asyncio
import random
import secrets
import signal
import sys

from rich.console import Console

from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.errors import Interrupted
from tests.faults.campaign import Campaign, NotHeld
from tests.support.deployment import running_deployment

_INTERRUPTED = 130


def main() -> int:
    """Run, tell and sum up; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="how long new stretches are begun")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="repeats the choices of a former run")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"fault run of {arguments.minutes:g} minutes, --seed {arguments.seed}")
    try:
        return _run(arguments.minutes * 60, random.Random(arguments.seed), console)
    except (Interrupted, KeyboardInterrupt):
        return _INTERRUPTED


def _run(seconds: float, chance: random.Random, console: Console) -> int:
    with running_deployment() as deployment:
        campaign = Campaign(deployment, seconds, chance, console.print)
        try:
            asyncio.run(_until_stopped(campaign))
        except asyncio.CancelledError:
            console.print("stopped")
            return _INTERRUPTED
        except Exception as failure:
            return _failed(console, deployment, failure)
        finally:
            _sum_up(console, campaign)
    console.print("every comparison holds: nothing lost, nothing doubled")
    return 0


async def _until_stopped(campaign: Campaign) -> None:
    running = asyncio.current_task()
    assert running is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await campaign.run()


def _failed(console: Console, deployment: Deployment, failure: Exception) -> int:
    if isinstance(failure, NotHeld):
        console.print(f"NOT HELD: {failure}")
    else:
        console.print_exception()
    for log in sorted(deployment.layout.logs.glob("*.log")):
        console.print(f"--- {log.name} ends with")
        console.print("\n".join(log.read_text(errors="replace").splitlines()[-8:]), markup=False)
    return 1


def _sum_up(console: Console, campaign: Campaign) -> None:
    for name, times in sorted(campaign.done.items()):
        console.print(f"{times:4d} × {name}")
    console.print(f"{campaign.acknowledged} CDRs acknowledged and compared")


if __name__ == "__main__":
    sys.exit(main())
