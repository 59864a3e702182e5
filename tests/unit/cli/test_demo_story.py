import io

import pytest
from rich.console import Console

from services.cli.demo_story import NotSeen, Story, expect


def told(width: int = 80) -> tuple[Story, io.StringIO]:
    shown = io.StringIO()
    return Story(Console(file=shown, width=width, highlight=False)), shown


@pytest.mark.parametrize("width", [80, 100])
def test_steps_are_shown_with_facts_and_time_within_the_width_and_without_colour(width: int) -> None:
    story, shown = told(width)
    with story.step(1, "A step [with brackets]") as step:
        step.fact("a fact " * 30)
        step.fact("[bold] is no markup here")
    story.end()
    text = shown.getvalue()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= width
    first = text.splitlines()[0]
    assert first.startswith("✓ 1")
    assert "A step [with brackets]" in first
    assert first.rstrip().endswith("s")
    assert "[bold] is no markup here" in text
    assert "All 1 steps seen" in text


def test_a_step_that_fails_is_marked_and_passed_on() -> None:
    story, shown = told()

    def tell() -> None:
        with story.step(4, "A driver presents a card") as step:
            step.fact("seen before it failed")
            expect(False, "the card to be ALLOWED", {"allowed": "BLOCKED"})

    with pytest.raises(NotSeen):
        tell()
    assert story.at == 4
    assert "✗ 4" in shown.getvalue()
    assert "seen before it failed" in shown.getvalue()


def test_what_was_expected_and_what_was_there_is_said() -> None:
    with pytest.raises(NotSeen, match="expected the card to be ALLOWED; there was: BLOCKED"):
        expect(None, "the card to be ALLOWED", "BLOCKED")
    expect("something", "something")
