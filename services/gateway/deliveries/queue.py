"""The queue of what partners are to get, in the database: state newest-wins per object, each CDR for itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from services.runtime.work import Work

EVSES: Final = "evses"
"""The status of an EVSE by itself; it goes to the receiver of locations."""

# In the order of the key, so that two transactions never wait for each other in a circle. What is being sent keeps its
# lease: the newer state goes out when that is settled, so that an older one cannot arrive after it.
_ENQUEUE: Final = text(
    """
    INSERT INTO gateway.deliveries AS d (
        delivery_id, partner, module, owner, object_id, object_version, sender, revision, state,
        after_object_id, correlation_id, queued_at, due_at, tries, kept
    )
    SELECT gen_random_uuid(), n.partner, n.module, n.owner, n.object_id, n.object_version,
        coalesce(nullif(n.sender, ''), n.owner), 1, 'WAITING',
        n.after_object_id, n.correlation_id, :now, :now, 0, coalesce(m.mode, r.mode) IS DISTINCT FROM 'ONCE'
    FROM unnest(
        CAST(:partner AS text[]), CAST(:module AS text[]), CAST(:owner AS text[]), CAST(:object_id AS text[]),
        CAST(:object_version AS bigint[]), CAST(:correlation_id AS text[]), CAST(:after_object_id AS text[]),
        CAST(:sender AS text[]), CAST(:shown_from AS text[])
    ) AS n(partner, module, owner, object_id, object_version, correlation_id, after_object_id, sender, shown_from)
    LEFT JOIN gateway.delivery_modes AS m ON m.module = CASE n.module WHEN 'evses' THEN 'locations' ELSE n.module END
        AND m.visited_cso = CASE WHEN n.module = 'tokens' THEN n.partner ELSE n.owner END
        AND m.home_csp = CASE WHEN n.module = 'tokens' THEN n.owner ELSE n.partner END
    -- An invoice goes from the CSO to the home-CSP, or with reverse billing the other way.
    LEFT JOIN gateway.delivery_modes AS r ON n.module = 'invoicereconciliation' AND r.module = n.module
        AND r.visited_cso = n.partner AND r.home_csp = n.owner
    LEFT JOIN gateway.peers AS p ON p.party = n.partner
    LEFT JOIN gateway.connections AS c ON c.platform = p.platform AND n.partner = ANY (c.parties)
    LEFT JOIN gateway.partner_options AS o ON o.platform = p.platform
    WHERE coalesce(m.mode, r.mode) IS DISTINCT FROM 'NONE'
    -- Nothing is queued for who has registered without a receiver of it: it reads lists, and gets everything when it
    -- registers with one. For who has not registered yet all is kept but statuses, which come by the thousand.
    AND CASE WHEN c.platform IS NULL THEN n.module <> 'evses' ELSE
        o.options ->> 'push' IS DISTINCT FROM 'false' AND c.endpoints @> jsonb_build_array(jsonb_build_object(
            'identifier', CASE n.module WHEN 'evses' THEN 'locations' ELSE n.module END, 'role', 'RECEIVER'
        ))
    END
    -- Names of protocols are in the order of their versions.
    AND (n.shown_from = '' OR c.platform IS NULL OR n.shown_from <= c.protocol)
    ORDER BY n.partner, n.module, n.owner, n.object_id
    ON CONFLICT (partner, module, owner, object_id) DO UPDATE SET
        object_version = excluded.object_version, sender = excluded.sender, revision = d.revision + 1,
        state = 'WAITING', tries = 0, kept = excluded.kept,
        correlation_id = excluded.correlation_id, queued_at = excluded.queued_at,
        due_at = CASE WHEN d.lease IS NULL THEN excluded.due_at ELSE d.due_at END
    WHERE excluded.object_version > d.object_version OR d.state = 'PARKED'
    """
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One object that one partner is to get.

    Only its key stands here: what goes out is read from the object's row when it is sent. State (locations, tariffs,
    tokens, sessions) is newest-wins by that; a CDR never changes, so it goes out byte by byte as its sender wrote it,
    the same each time. No credential is ever in the queue.

    Attributes:
        partner: Who gets it.
        module: locations, tariffs, tokens, sessions, cdrs or invoicereconciliation; evses for the status of an EVSE by
            itself.
        owner: Whose object it is.
        object_id: The owner's id of it; of a token its pseudonym; of an EVSE location and EVSE, see `evses.updates`.
        object_version: Our version of the row.
        after_object_id: The CDR that a credit CDR must not overtake; the location that an EVSE's status must not.
        sender: Who stands in the OCPI-from headers: the hub for a broadcast push; empty: the owner.
        shown_from: The oldest version that can say it, by name; nothing is queued for who speaks an older one.
    """

    partner: str
    module: str
    owner: str
    object_id: str
    object_version: int
    correlation_id: str = ""
    after_object_id: str | None = None
    sender: str = ""
    shown_from: str = ""


async def enqueue(work: Work, deliveries: Sequence[Delivery]) -> None:
    """Queue deliveries in the work's transaction.

    A newer state replaces one that waits or was refused. What its agreement does not have pushed (`deliveries.modes`)
    is left out, and the status of an EVSE by itself where nobody receives it.
    """
    newest: dict[tuple[str, str, str, str], Delivery] = {}
    for each in deliveries:
        key = (each.partner, each.module, each.owner, each.object_id)
        if key not in newest or newest[key].object_version < each.object_version:
            newest[key] = each
    if not newest:
        return
    rows = list(newest.values())
    columns = {name: [getattr(row, name) for row in rows] for name in Delivery.__slots__}
    await work.connection.execute(_ENQUEUE, columns | {"now": work.now})
