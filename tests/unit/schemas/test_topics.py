from pathlib import Path

import pytest

from schemas.topics import load

GOOD = """
[defaults]
partitions = 6
compacted = false
sealed = false
analysts = false

["a.b"]
meaning = "m"
writer = "w"
key = "k"
schema = "s"
retention = "10 minutes"
"""


def read(folder: Path, text: str) -> object:
    path = folder / "topics.toml"
    path.write_text(text)
    return load(path)["a.b"].settings


def test_retention_is_in_milliseconds(tmp_path: Path) -> None:
    settings = {"cleanup.policy": "delete", "retention.ms": "600000", "retention.bytes": "-1"}
    assert read(tmp_path, GOOD) == settings
    assert read(tmp_path, GOOD.replace("10 minutes", "30 days")) == {**settings, "retention.ms": "2592000000"}
    assert read(tmp_path, GOOD.replace("10 minutes", "unlimited")) == {**settings, "retention.ms": "-1"}


def test_a_compacted_topic_keeps_the_newest_for_ever(tmp_path: Path) -> None:
    text = GOOD.replace('retention = "10 minutes"', "compacted = true")
    assert read(tmp_path, text) == {"cleanup.policy": "compact", "retention.ms": "-1", "retention.bytes": "-1"}


def test_further_settings_are_taken_by_kafkas_names(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD + '\n["a.b".config]\n"segment.ms" = 60_000\n')
    assert isinstance(settings, dict)
    assert settings["segment.ms"] == "60000"


@pytest.mark.parametrize("retention", ["10", "-1 days", "10 hours", "1.5 days", ""])
def test_a_retention_that_says_nothing_clear_is_refused(tmp_path: Path, retention: str) -> None:
    with pytest.raises(ValueError, match="retention"):
        read(tmp_path, GOOD.replace("10 minutes", retention))


def test_a_topic_without_retention_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="retention"):
        read(tmp_path, GOOD.replace('retention = "10 minutes"', ""))


def test_a_word_that_no_topic_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="partitons"):
        read(tmp_path, GOOD + "partitons = 3\n")
