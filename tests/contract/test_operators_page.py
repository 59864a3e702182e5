from tests.support.settings_table import PAGE, page


def test_the_operators_page_shows_the_settings_as_they_are() -> None:
    current = PAGE.read_text()
    assert current == page(current), "run python -m tests.support.settings_table"
