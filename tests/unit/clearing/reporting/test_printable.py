import pytest

from services.clearing.reporting.printable import amount, cell, printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("Zoë\nline", "Zoë\nline"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("a\u202egpj.exe", "a\ufffdgpj.exe"),
        (7, 7),
    ],
)
def test_what_steers_a_terminal_is_taken_out(text: object, expected: object) -> None:
    assert printable(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1234.5", "1,234.50"), ("-0.12345", "-0.12345"), ("7", "7.00"), (None, "–"), ("unknown", "unknown")],
)
def test_amounts_as_people_read_them(text: str | None, expected: str) -> None:
    assert amount(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+cmd", "'+cmd"),
        ("-4.50", "-4.50"),
        ("x=1", "x=1"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text: str, expected: str) -> None:
    assert cell(text) == expected
