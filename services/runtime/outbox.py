"""The outbox: events get their places as the last step of the transaction that caused them.

The lane's row is locked before numbers are handed out and stays locked to the commit, so what is visible of a lane
is complete up to its highest number. (A sequence would be wrong: a slow transaction could commit a lower number
after a faster one's higher number was published.)
"""

import hashlib
from collections.abc import Callable, Sequence

from services.runtime.ports import LaneTable, Outgoing, Row


def lane_of(key: bytes, lanes: int) -> int:
    """The lane of an event: a stable hash of its key, so that events of one key keep their order."""
    if lanes == 1:
        return 0
    return int.from_bytes(hashlib.blake2s(key, digest_size=4).digest(), "big") % lanes


async def write(table: LaneTable, events: Sequence[Outgoing], lanes: int, nonce: Callable[[], bytes]) -> None:
    """Number the events and write them, lanes in ascending order so that transactions cannot deadlock.

    Args:
        nonce: Gives random bytes, new for each row; never derived from the event, which a restored copy derives again.

    Raises:
        services.core.errors.Unavailable: when a lane is full.
    """
    for lane in range(lanes):
        mine = [event for event in events if lane_of(event.key, lanes) == lane]
        if mine:
            first = await table.advance(lane, len(mine))
            await table.insert([Row(lane, first + n, nonce(), event) for n, event in enumerate(mine)])
