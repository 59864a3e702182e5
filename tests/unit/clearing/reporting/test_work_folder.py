from pathlib import Path

import pytest

from services.clearing.reporting.work_folder import CannotUseFolder, temporary_database

_ROWS = 200_000


def test_nothing_lies_in_the_folder_while_it_is_used_nor_afterwards(tmp_path: Path) -> None:
    with temporary_database(tmp_path) as database:
        database.execute("CREATE TABLE one (text)")
        database.executemany("INSERT INTO one VALUES (?)", ((f"{number:40}",) for number in range(_ROWS)))
        rows = database.cursor().execute("SELECT text FROM one ORDER BY text DESC")
        assert next(rows)[0].strip() == str(_ROWS - 1)
        assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_told_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder in (tmp_path / "none", file):
        with (
            pytest.raises(CannotUseFolder, match=rf"{folder}: .*--work-folder names another"),
            temporary_database(folder),
        ):
            pass


def fill(folder: Path) -> None:
    with temporary_database(folder) as database:
        database.execute("CREATE TABLE one (text)")
        database.execute("PRAGMA max_page_count = 10")
        database.executemany("INSERT INTO one VALUES (?)", (("x" * 1000,) for _ in range(1000)))


def test_a_disk_that_is_full_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CannotUseFolder, match=rf"{tmp_path}: database or disk is full.*--work-folder"):
        fill(tmp_path)


def test_a_folder_may_have_a_quote_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    folder.mkdir()
    with temporary_database(folder) as database:
        assert database.execute("PRAGMA temp_store_directory").fetchone() in {(str(folder),), None}
