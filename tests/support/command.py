"""The command `roamwatt` as a person runs it, on the deployment of a test."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

from services.runtime.embedded.layout import CHECKOUT

ROAMWATT = (sys.executable, "-m", "services.cli.main")
Done: TypeAlias = "subprocess.CompletedProcess[str]"


def environment(home: Path, columns: int = 200) -> dict[str, str]:
    """What it is run with: the deployment in this folder, and a terminal of this width."""
    return {**os.environ, "ROAMWATT_HOME": str(home), "COLUMNS": str(columns)}


def roamwatt(home: Path, *arguments: str, timeout_seconds: float, columns: int = 200) -> Done:
    """Run it to its end."""
    return subprocess.run(
        [*ROAMWATT, *arguments],
        cwd=CHECKOUT,
        env=environment(home, columns),
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )


async def roamwatt_beside(home: Path, *arguments: str, timeout_seconds: float, columns: int = 200) -> Done:
    """Run it to its end while the test's own loop goes on."""
    return await asyncio.to_thread(roamwatt, home, *arguments, timeout_seconds=timeout_seconds, columns=columns)
