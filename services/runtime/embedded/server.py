"""What the embedded servers have in common: one process each, started here or found by its record."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from services.runtime.embedded import processes
from services.runtime.embedded.errors import NotRunning


@dataclass(slots=True)
class Server:
    """A server with one process.

    Attributes:
        NAME: Of the process and its record.
        TITLE: Of the server, for people.
        folder: Holds its data.
        records: The folder of processes' records.
        log_file: What it says.
    """

    NAME: ClassVar[str]
    TITLE: ClassVar[str]

    folder: Path
    records: Path
    log_file: Path
    _process: processes.Process | None = field(default=None, repr=False, kw_only=True)

    @property
    def process(self) -> processes.Process:
        """The running process.

        Raises:
            NotRunning: when it does not run.
        """
        found = self._found()
        if found is None or not found.alive():
            raise NotRunning(f"{self.TITLE} is not running")
        return found

    def running(self) -> bool:
        """Tell whether the process runs."""
        try:
            return self.process.alive()
        except NotRunning:
            return False

    def kill(self) -> None:
        """End the process by SIGKILL, as a crash would; the next start recovers what was acknowledged."""
        self.process.kill()
        self._process = None

    def _found(self) -> processes.Process | None:
        return self._process or processes.find(self.NAME, self.records)
