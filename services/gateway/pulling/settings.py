"""The settings of pulling."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from services.runtime.settings import Count, Group, Milliseconds, Seconds


class PullSettings(Group):
    """Bounds of pulling what partners do not push; intervals can be set for one partner by its options.

    Attributes:
        plan_seconds: How often the lists that there are to pull are looked for.
        max_concurrent_walks: Partners' platforms that one replica asks at the same time, each for one list.
        max_objects_in_flight: Objects of all lists that one replica stores at the same time; the rest is for pushes.
        slice_pages: After so many pages another list of the same platform has its turn.
        page_rows: How many objects a page is asked to have.
        max_pages: A walk over one list is given up after so many.
        lease_seconds: When another replica may go on where one stopped; longer than a page can take.
        delta_seconds: Between two pulls of what changed, from a partner that does not push.
        reconcile_seconds: Between two pulls of everything.
        confirm_seconds: Until everything is pulled again, to confirm what seems to be gone.
        overlap_seconds: How far before the newest object known what changed is asked for.
        lookback_seconds: How far before the last pull at most.
        history_days: How far back sessions and CDRs are pulled.
        push_memory_seconds: Who pushed within that time is not asked for what changed.
        outage_seconds: After no replica ran for so long, everybody is asked for what changed.
        recheck_seconds: When a list that could not be asked for (suspended, no agreement, switched off) is looked at.
        patience_seconds: A first pull that has not come further for so long holds up no list of ours any more.
        max_removed_share: Of what we hold of one partner; more is not removed at once unless an operator approves.
        min_removed_objects: So few always are, unless nothing would be left.
        max_reported_objects: Lines that one walk adds to the report of refusals.
    """

    poll_milliseconds: Milliseconds = 500
    plan_seconds: Seconds = 5
    max_concurrent_walks: Count = 32
    max_objects_in_flight: Count = 64
    slice_pages: Count = 20
    page_rows: Count = 200
    max_page_bytes: Count = 10_000_000
    page_timeout_seconds: Seconds = 30
    max_pages: Count = 100_000
    lease_seconds: Seconds = 120
    delta_seconds: Seconds = 300
    reconcile_seconds: Seconds = 86_400
    confirm_seconds: Seconds = 900
    overlap_seconds: Seconds = 300
    lookback_seconds: Seconds = 86_400
    history_days: Count = 31
    push_memory_seconds: Seconds = 604_800
    outage_seconds: Seconds = 60
    recheck_seconds: Seconds = 60
    retry_min_seconds: Seconds = 10
    retry_max_seconds: Seconds = 3_600
    patience_seconds: Seconds = 3_600
    max_removed_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    min_removed_objects: Count = 20
    max_reported_objects: Count = 1_000
    stop_seconds: Seconds = 3

    @model_validator(mode="after")
    def _leases_outlast_pages(self) -> Self:
        if self.lease_seconds < self.page_timeout_seconds * 2:
            raise ValueError("lease_seconds must be at least twice page_timeout_seconds")
        return self
