"""The example of the README is run as it is written, and says what the README says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from services.runtime.embedded.layout import CHECKOUT

GUIDE = CHECKOUT / "services" / "clearing" / "README.md"
BLOCK = re.compile(r"^## Auditing a file of CDRs\n.*?^```bash\n(?P<commands>.*?)^```\n", re.MULTILINE | re.DOTALL)
SECONDS = 100


def test_the_example_of_the_guide(tmp_path: Path) -> None:
    found = BLOCK.search(GUIDE.read_text())
    assert found is not None
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eu"], input=found["commands"], cwd=tmp_path, env={**os.environ, "PATH": path, "COLUMNS": "120"},
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "4.00 (1)" in done.stdout
    told = json.loads((tmp_path / "build/audit/report.json").read_text())
    (currency,) = told["currencies"]
    assert (currency["over"], currency["over_cdrs"]) == ("4", 1)
    examples = {each["code"]: each["examples"][0]["cdr_id"] for each in told["codes"]}
    assert examples["TOTAL_MISMATCH"] == "C2"
    assert examples["CONNECTOR_OVERLAP"] == "C3"
    assert examples["CDR_UNREADABLE"] == "C4"
    differing = {(each["difference"], each["cdr_id"], each["amount"]) for each in told["invoice"]["shown"]}
    assert differing == {
        ("AMOUNT_DIFFERS", "C2", "0.5"),
        ("LINE_WITHOUT_CDR", "C9", "7"),
        ("CDR_WITHOUT_LINE", "C3", "-2"),
    }
    assert (tmp_path / "build/audit/report.html").stat().st_size > 10_000
    assert len((tmp_path / "build/audit/findings.csv").read_text().splitlines()) > 3
