from services.runtime.embedded.errors import StartFailed
from services.runtime.embedded.supervisor import RESTART_MAX_SECONDS, STEADY_SECONDS, Watched


class Fake:
    def __init__(self) -> None:
        self.running, self.starts, self.broken = True, 0, False

    def start(self) -> None:
        self.starts += 1
        if self.broken:
            raise StartFailed("no disk")
        self.running = True


def watched(fake: Fake) -> Watched:
    return Watched("thing", lambda: fake.running, fake.start)


def test_who_runs_is_left_alone() -> None:
    fake = Fake()
    assert watched(fake).look(0) is None
    assert fake.starts == 0


def test_who_ended_is_started_after_a_pause() -> None:
    fake = Fake()
    one = watched(fake)
    fake.running = False
    assert one.look(0) == "thing ended; it is started again in 0.5 s"
    assert one.look(0.4) is None
    assert one.look(0.5) == "thing started again"
    assert one.look(1) is None
    assert fake.starts == 1


def test_who_keeps_ending_waits_longer_up_to_a_bound() -> None:
    fake = Fake()
    one, now, waits = watched(fake), 0.0, []
    for _ in range(9):
        fake.running = False
        one.look(now)
        waits.append(one.wait_seconds)
        now += one.wait_seconds
        one.look(now)
    assert waits[:4] == [0.5, 1, 2, 4]
    assert max(waits) == RESTART_MAX_SECONDS


def test_who_was_steady_is_started_soon_again() -> None:
    fake = Fake()
    one = watched(fake)
    fake.running = False
    one.look(0)
    one.look(1)
    assert one.wait_seconds == 1
    one.look(1 + STEADY_SECONDS + 1)
    assert one.wait_seconds == 0.5


def test_a_start_that_fails_is_told_and_tried_again() -> None:
    fake = Fake()
    one = watched(fake)
    fake.running, fake.broken = False, True
    one.look(0)
    assert one.look(1) == "thing could not be started: no disk"
    assert one.look(1) == "thing ended; it is started again in 1 s"
