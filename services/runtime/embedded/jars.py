"""Apache Kafka's jars: fetched by their coordinates, run only when they are exactly those of the committed lock.

`jars.lock` beside this file names every jar with its SHA-256. `python -m services.runtime.embedded.jars` writes it
anew (`make lock` does); read its difference before committing it.
"""

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.runtime.embedded.errors import DownloadFailed, Interrupted, NoSpace, WrongChecksum

LOCK_FILE = Path(__file__).with_name("jars.lock")
ENDPOINT = "org.apache.kafka:kafka_2.13:4.3.1+org.slf4j:slf4j-simple:1.7.36"
_DOWNLOADS_AT_ONCE = 8
_DOWNLOAD_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True, order=True)
class Jar:
    """One locked jar: its coordinates and the SHA-256 of its bytes, in hex."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name of the jar's file."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinates(self) -> str:
        """Group, artifact and version, joined by colons."""
        return f"{self.group}:{self.artifact}:{self.version}"


Fetch = Callable[[Sequence[Jar], Path], Iterable[Path]]
"""Fetches jars into a folder and returns their files in the same order."""


def locked(lock_file: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """Read the committed lock, in the order of the class path."""
    lines = [line for line in lock_file.read_text().splitlines() if line and not line.startswith("#")]
    return tuple(Jar(*line.replace(":", " ").split()) for line in lines)


def cache_folder() -> Path:
    """Return the user's cache folder for jars; all clones share it."""
    root = os.environ.get("ROAMWATT_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "roamwatt" / "jars"


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def missing(jars: Sequence[Jar], folder: Path) -> list[Jar]:
    """Return the jars that have no file in the folder."""
    return [jar for jar in jars if not (folder / jar.file_name).exists()]


def verify(jars: Sequence[Jar], folder: Path) -> None:
    """Compare every jar with the lock.

    Raises:
        WrongChecksum: for the first file that differs from the lock.
    """
    for jar in jars:
        _check(jar, folder / jar.file_name)


def class_path(
    folder: Path | None = None,
    jars: Sequence[Jar] | None = None,
    fetch: Fetch | None = None,
    asked_to_stop: threading.Event | None = None,
) -> list[Path]:
    """Return the verified jars, fetching those that the folder lacks.

    Raises:
        Interrupted: when asked to stop while fetching.
        WrongChecksum: when a file is not the locked one; nothing may be run then.
        DownloadFailed: when a jar cannot be fetched.
        NoSpace: when the folder cannot be written.
    """
    folder, jars = folder or cache_folder(), locked() if jars is None else jars
    absent = missing(jars, folder)
    if absent:
        _fill(absent, folder, fetch or partial(_fetch, asked_to_stop or threading.Event()))
    verify(jars, folder)
    return [folder / jar.file_name for jar in jars]


def _fill(absent: Sequence[Jar], folder: Path, fetch: Fetch) -> None:
    """Fetch into a folder of our own and move in what is right: other clones never see half a file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as staging:
            for jar, file in zip(absent, fetch(absent, Path(staging)), strict=True):
                _check(jar, file)
                file.replace(folder / jar.file_name)
    except OSError as error:
        raise NoSpace(
            f"cannot write Kafka's jars to {folder}: {error.strerror or error}. Free some space (60 MB are needed) or "
            "name another folder by the environment variable ROAMWATT_CACHE"
        ) from error


def _check(jar: Jar, file: Path) -> None:
    found = sha256_of(file)
    if found != jar.sha256:
        raise WrongChecksum(
            f"{file} is not the locked {jar.coordinates}: its SHA-256 is {found}, the lock says {jar.sha256}. "
            "It was damaged or changed; nothing was started. Delete the file and try again; if the new one differs "
            "too, do not run it"
        )


def _fetch(asked_to_stop: threading.Event, absent: Sequence[Jar], staging: Path) -> list[Path]:
    # Imported here: only a first start needs it. jgo checks nothing by itself; `_fill` does.
    import requests
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=staging, timeout=_DOWNLOAD_TIMEOUT_SECONDS)

    def one(jar: Jar) -> Path:
        if asked_to_stop.is_set():
            raise Interrupted("asked to stop while fetching Kafka's jars")
        try:
            return context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        except (requests.RequestException, RuntimeError) as error:
            raise DownloadFailed(
                f"cannot fetch {jar.coordinates} ({type(error).__name__}). Kafka's jars are fetched once, over the "
                f"network; check the connection or proxy (HTTPS_PROXY), or copy them from a machine that has them "
                f"into {cache_folder()}"
            ) from error

    with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
        return list(pool.map(one, absent))


def resolve(endpoint: str = ENDPOINT) -> list[Jar]:
    """Resolve coordinates to all jars they need, fetch them and take their checksums, for a new lock."""
    from jgo.env import EnvironmentBuilder
    from jgo.maven import MavenContext
    from jgo.parse import Endpoint

    with tempfile.TemporaryDirectory(prefix="roamwatt-jars-") as folder:
        context = MavenContext(repo_cache=Path(folder), timeout=_DOWNLOAD_TIMEOUT_SECONDS)
        builder = EnvironmentBuilder(context, cache_dir=Path(folder))
        named, transitive = context.resolver.resolve(
            builder._coordinates_to_dependencies(Endpoint.parse(endpoint).coordinates)
        )
        artifacts = [dependency.artifact for dependency in (*named, *transitive)]
        with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
            digests = list(pool.map(lambda artifact: sha256_of(artifact.resolve()), artifacts))
    return [Jar(a.groupId, a.artifactId, a.version, found) for a, found in zip(artifacts, digests, strict=True)]


def write_lock(jars: Sequence[Jar], lock_file: Path = LOCK_FILE) -> None:
    """Write a lock; a difference to the committed one is for a person to judge."""
    lines = ["# Jars of Apache Kafka: coordinates and SHA-256, in the order of the class path. Written by `make lock`."]
    lines += [f"{jar.coordinates} {jar.sha256}" for jar in jars]
    new = lock_file.with_suffix(".new")
    new.write_text("\n".join(lines) + "\n")
    shutil.move(new, lock_file)


if __name__ == "__main__":
    write_lock(resolve())
