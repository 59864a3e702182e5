"""Checks of the machine: can a deployment run here at all?"""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from services.cli.finding import Finding, good, note, wrong
from services.core.errors import RoamwattError
from services.runtime.embedded import jars, kafka, ports, postgres
from services.runtime.embedded.deployment import BOOTSTRAP_VARIABLE, DATABASE_VARIABLE
from services.runtime.embedded.layout import Layout

MINIMUM_PYTHON = (3, 11)
NEEDED_DISK_BYTES = 2_000_000_000
NEEDED_MEMORY_BYTES = 2_000_000_000
NEEDED_FILES = 1_024
PROGRAM_SECONDS = 20


def findings() -> Iterator[Finding]:
    """Check everything, one after the other."""
    yield python()
    yield disk(Layout.here().home)
    yield memory()
    yield open_files()
    yield free_ports()
    if BOOTSTRAP_VARIABLE in os.environ:
        yield note("Kafka", f"an existing cluster is used ({BOOTSTRAP_VARIABLE} is set)")
    else:
        yield kafka_jars(jars.cache_folder())
        yield program("Java", kafka.java_executable, "-version")
    if DATABASE_VARIABLE in os.environ:
        yield note("PostgreSQL", f"an existing server is used ({DATABASE_VARIABLE} is set)")
    else:
        yield program("PostgreSQL", lambda: postgres.programs() / "postgres", "--version")
        yield user()


def python() -> Finding:
    """Is Python new enough?"""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < MINIMUM_PYTHON:
        return wrong("Python", found, "install Python 3.11 or newer")
    return good("Python", found)


def disk(home: Path) -> Finding:
    """Is there space, and may we write?"""
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        return wrong("disk", f"{existing} cannot be written", "name another folder by ROAMWATT_HOME")
    free = shutil.disk_usage(existing).free
    if free < NEEDED_DISK_BYTES:
        return wrong("disk", f"{free / 1e9:.1f} GB free in {existing}", "free some space, or set ROAMWATT_HOME")
    return good("disk", f"{free / 1e9:.0f} GB free for {home}")


def memory() -> Finding:
    """Is there enough memory for Kafka, PostgreSQL and six processes?"""
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if sys.platform == "linux" else None
    if available is None:
        return note("memory", "unknown on this system")
    if available < NEEDED_MEMORY_BYTES:
        return note("memory", f"{available / 1e9:.1f} GB free", "close something if the start is slow or is killed")
    return good("memory", f"{available / 1e9:.0f} GB free")


def open_files() -> Finding:
    """May a process open enough files?"""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= limit < NEEDED_FILES:
        return wrong("open files", f"limited to {limit}", f"raise the limit: `ulimit -n {4 * NEEDED_FILES}`")
    return good("open files", f"limited to {limit}")


def free_ports() -> Finding:
    """Is there a free port on the loopback interface?"""
    try:
        port = ports.free_port()
    except RoamwattError as error:
        return wrong("ports", str(error), "")
    return good("ports", f"{port} and others are free on {ports.LOOPBACK}")


def kafka_jars(folder: Path) -> Finding:
    """Are Kafka's jars here, and exactly those of the lock?"""
    locked = jars.locked()
    absent = jars.missing(locked, folder)
    if absent:
        what = f"{len(absent)} of {len(locked)} are not in {folder} yet"
        return note("Kafka's jars", what, "the next start fetches them once and needs the network for it (45 MB)")
    try:
        jars.verify(locked, folder)
    except RoamwattError as error:
        return wrong("Kafka's jars", str(error), "")
    return good("Kafka's jars", f"{len(locked)} in {folder}, each with the checksum of the lock")


def program(name: str, find: Callable[[], Path], argument: str) -> Finding:
    """Does a bundled program run on this system?"""
    try:
        command = [str(find()), argument]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=True)
    except (RoamwattError, OSError, subprocess.SubprocessError) as error:
        advice = (
            "its package may lack a build for this system (Linux with glibc and macOS have one): use existing servers"
        )
        return wrong(name, str(error), advice)
    return good(name, (done.stdout or done.stderr).splitlines()[0])


def user() -> Finding:
    """As whom does PostgreSQL run?"""
    if os.geteuid() != 0:
        return good("user", "PostgreSQL runs as you")
    if not shutil.which("setpriv"):
        return wrong("user", "you are root, and PostgreSQL refuses to run as root", "install util-linux (`setpriv`)")
    return good("user", "you are root; PostgreSQL runs as `nobody`")
