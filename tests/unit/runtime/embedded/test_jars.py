from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
import requests

from services.runtime.embedded import jars
from services.runtime.embedded.errors import DownloadFailed, NoSpace, WrongChecksum
from services.runtime.embedded.jars import Jar

JAR = Jar("org.example", "thing", "1.0", sha256(b"good").hexdigest())
OTHER = Jar("org.example", "other", "2.0", sha256(b"other").hexdigest())


def giving(content: bytes) -> jars.Fetch:
    def fetch(absent: Sequence[Jar], staging: Path) -> list[Path]:
        files = [staging / jar.file_name for jar in absent]
        for file in files:
            file.write_bytes(content)
        return files

    return fetch


def refusing(_absent: Sequence[Jar], _staging: Path) -> list[Path]:
    raise AssertionError("nothing is to be fetched")


def test_what_is_missing_is_fetched_once(tmp_path: Path) -> None:
    assert jars.class_path(tmp_path, [JAR], giving(b"good")) == [tmp_path / "thing-1.0.jar"]
    assert jars.class_path(tmp_path, [JAR], refusing) == [tmp_path / "thing-1.0.jar"]


def test_only_what_is_missing_is_fetched(tmp_path: Path) -> None:
    jars.class_path(tmp_path, [JAR], giving(b"good"))
    found = jars.class_path(tmp_path, [JAR, OTHER], giving(b"other"))
    assert [file.read_bytes() for file in found] == [b"good", b"other"]


def test_another_file_than_the_locked_one_never_gets_in(tmp_path: Path) -> None:
    with pytest.raises(WrongChecksum, match=r"is not the locked org\.example:thing:1\.0"):
        jars.class_path(tmp_path, [JAR], giving(b"evil"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_changed_later_is_refused_at_every_start(tmp_path: Path) -> None:
    (jar,) = jars.class_path(tmp_path, [JAR], giving(b"good"))
    jar.write_bytes(b"changed")
    for _ in range(2):
        with pytest.raises(WrongChecksum, match="Delete the file and try again"):
            jars.class_path(tmp_path, [JAR], refusing)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoSpace, match=r"60 MB are needed.*ROAMWATT_CACHE"):
        jars.class_path(tmp_path / "file" / "jars", [JAR], giving(b"good"))


def test_without_a_network_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_arguments: object, **_options: object) -> None:
        raise requests.ConnectionError("no route to host")

    monkeypatch.setattr("jgo.util.http.get", unreachable)
    with pytest.raises(DownloadFailed, match=r"cannot fetch org\.example:thing:1\.0 .*check the connection or proxy"):
        jars.class_path(tmp_path, [JAR])


def test_the_lock_is_read_as_it_is_written(tmp_path: Path) -> None:
    jars.write_lock([JAR, OTHER], tmp_path / "jars.lock")
    assert jars.locked(tmp_path / "jars.lock") == (JAR, OTHER)


def test_the_committed_lock_names_one_release_of_kafka_and_no_address() -> None:
    locked = jars.locked()
    kafka = {jar.version for jar in locked if jar.group == "org.apache.kafka"}
    assert len(kafka) == 1
    assert all(len(jar.sha256) == 64 for jar in locked)
    assert len({jar.file_name for jar in locked}) == len(locked)
    assert "http" not in jars.LOCK_FILE.read_text()
