"""The partner's guide is run as it is written, from a registration token to the first cleared CDR."""

import doctest
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.layout import CHECKOUT

GUIDE = CHECKOUT / "services" / "gateway" / "README.md"
SECTION = "## From a token to the first CDR\n"
BLOCK = re.compile(r"^```bash\n(?P<commands>.*?)^```\n(?:```text\n(?P<output>.*?)^```\n)?", re.MULTILINE | re.DOTALL)
END_OF_BLOCK = "--- end of block ---"
SECONDS = 200


@dataclass(frozen=True, slots=True)
class Block:
    """Commands of the guide, and what it says comes out."""

    commands: str
    output: str


def blocks() -> list[Block]:
    """The section's blocks in order."""
    section = GUIDE.read_text().partition(SECTION)[2].partition("\n## ")[0]
    return [Block(found["commands"], found["output"] or "") for found in BLOCK.finditer(section)]


def pasted(commands: str, deployment: Deployment) -> str:
    """What one bash says that gets everything pasted into it, in the top folder of the checkout."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "ROAMWATT_HOME": str(deployment.layout.home), "COLUMNS": "120"}
    with subprocess.Popen(
        ["bash", "-u"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        cwd=CHECKOUT, env=environment, start_new_session=True,
    ) as shell:  # fmt: skip
        try:
            return shell.communicate(commands, timeout=SECONDS)[0]
        finally:
            # Stand-ins that the last block did not reach.
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)


@pytest.mark.timeout(SECONDS + 60)
def test_what_the_guide_says_comes_out(deployment: Deployment) -> None:
    for tool in ("bash", "curl"):
        if shutil.which(tool) is None:
            pytest.skip(f"there is no {tool} on this machine, and the partner's guide is written for it")
    written = blocks()
    said = pasted("".join(f"{each.commands}echo '{END_OF_BLOCK}'\n" for each in written), deployment)
    came = said.split(f"{END_OF_BLOCK}\n")
    same = doctest.OutputChecker().check_output
    leniently = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for block, output in zip(written, came, strict=False):
        assert same(block.output, output, leniently), f"{block.commands}\n--- said:\n{output}\n--- all:\n{said}"
    assert len(came) == len(written) + 1, said


def test_the_section_is_there() -> None:
    written = blocks()
    assert len(written) > 8
    assert "curl" in written[0].commands
    assert any("10.68 EUR" in each.output for each in written)
