"""What can go wrong on the machine itself; each text says what to do."""

from pathlib import Path

from services.core.errors import RoamwattError


class EmbeddedError(RoamwattError):
    """Something on this machine keeps the deployment from running."""


class Interrupted(EmbeddedError):
    """The start was broken off because somebody asked to stop."""


class StartFailed(EmbeddedError):
    """A process ended while it was starting, or did not get ready in time."""


class WrongChecksum(EmbeddedError):
    """A file is not the one that was reviewed and locked; it is not run."""


class DownloadFailed(EmbeddedError):
    """A file could not be fetched."""


class NoSpace(EmbeddedError):
    """The disk is full, or a folder cannot be written."""

    @classmethod
    def at(cls, path: Path, error: OSError) -> "NoSpace":
        """Say where and why, and what to do."""
        return cls(
            f"cannot write to {path}: {error.strerror or error}. Free some space there, or name another folder "
            "by the environment variable ROAMWATT_HOME"
        )


class NoFreePort(EmbeddedError):
    """No TCP port of the allowed range is free."""


class AlreadyRunning(EmbeddedError):
    """Another `roamwatt up` runs in this checkout."""


class NotRunning(EmbeddedError):
    """There is no running deployment here."""
