import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.embedded import lock
from services.runtime.embedded.errors import AlreadyRunning, NoSpace

HOLDS = """
import sys
from pathlib import Path
from services.runtime.embedded import lock
held = lock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_one_is_told_who_holds_it(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert lock.holder(file) == other.pid
        with pytest.raises(AlreadyRunning, match=f"already run by process {other.pid}: `roamwatt status`"):
            lock.take(file)
        other.kill()
        other.wait()
    assert lock.holder(file) is None
    lock.take(file).close()


def test_closing_gives_it_back(tmp_path: Path) -> None:
    with lock.take(tmp_path / "lock"):
        assert lock.holder(tmp_path / "lock") is not None
    assert lock.holder(tmp_path / "lock") is None


def test_nobody_holds_what_is_not_there(tmp_path: Path) -> None:
    assert lock.holder(tmp_path / "lock") is None


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoSpace):
        lock.take(tmp_path / "file" / "lock")
