"""Settings of clearing."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from services.clearing.audit.rules import AuditRules
from services.clearing.neighbour_store import Bounds
from services.runtime.settings import Count, Group, RuntimeSettings, Seconds

WholeSeconds = Annotated[int, Field(ge=0)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=28, decimal_places=8)]


class AuditBounds(Group):
    """Bounds of the audit; what they are, and where their defaults stand: `services.clearing.audit.rules`."""

    energy_ceiling_kwh: Amount = AuditRules.energy_ceiling_kwh
    largest_battery_kwh: Amount = AuditRules.largest_battery_kwh
    battery_margin_factor: Amount = AuditRules.battery_margin_factor
    power_margin_factor: Amount = AuditRules.power_margin_factor
    longest_session_hours: Amount = AuditRules.longest_session_hours
    time_tolerance_seconds: WholeSeconds = AuditRules.time_tolerance_seconds
    future_tolerance_seconds: WholeSeconds = AuditRules.future_tolerance_seconds
    session_time_tolerance_seconds: WholeSeconds = AuditRules.session_time_tolerance_seconds
    session_energy_tolerance_kwh: Amount = AuditRules.session_energy_tolerance_kwh
    periods_energy_tolerance_kwh: Amount = AuditRules.periods_energy_tolerance_kwh
    meter_energy_tolerance_kwh: Amount = AuditRules.meter_energy_tolerance_kwh
    meter_time_tolerance_seconds: WholeSeconds = AuditRules.meter_time_tolerance_seconds
    max_findings: Count = AuditRules.max_findings
    max_signed_values: Count = AuditRules.max_signed_values
    max_signed_value_characters: Count = AuditRules.max_signed_value_characters
    max_meter_keys: Count = AuditRules.max_meter_keys
    near_duplicate_minutes: Annotated[int, Field(ge=0)] = AuditRules.near_duplicate_minutes
    parts_tolerance: Amount = AuditRules.parts_tolerance
    highest_tax_percent: Amount = AuditRules.highest_tax_percent

    @property
    def audit(self) -> AuditRules:
        """The same as the audit's pure functions take them."""
        return AuditRules(**{name: getattr(self, name) for name in AuditBounds.model_fields})


class ClearingRules(AuditBounds):
    """Bounds of clearing; those of the audit are explained in `services.clearing.audit.rules`.

    Attributes:
        cdr_wait_for_facts_seconds: How long a CDR waits, from its arrival, for what it names and is not known yet.
        deadline_check_seconds: How often waiting CDRs are looked at.
        cdr_due_after_hours: So long after a session's end its CDR is missing, where the agreement says nothing else.
        missing_check_seconds: How often it is looked for CDRs that are missing.
        max_missing_batch_rows: The most sessions that one transaction looks at for it.
        max_waiting_batch_rows: The most waiting CDRs that one transaction takes up again.
        overlap_longest_hours: A session longer than this may go unnoticed as one that overlaps another.
        max_explanation_characters: How long the stored explanation of a price may be; of a longer one the end is cut.
        credential_overlap_longest_hours: A session longer than this may go unnoticed as one that shares a credential's
            time with another.
        max_neighbours: The most CDRs of each kind (connector, session, credential) that one is compared with.
        authorization_kept_days: How long an authorization is kept for CDRs that name it.
        prune_seconds: How often older ones are looked for.
        max_prune_rows: The most that one transaction deletes.
        max_numbering_rows: Of a CSO with more CDRs, gaps in its numbering are not looked for.
        max_page_rows: The most CDRs or balances that one answer of the admin API lists.
    """

    cdr_wait_for_facts_seconds: Annotated[float, Field(ge=0)] = 60
    deadline_check_seconds: Seconds = 1
    cdr_due_after_hours: Annotated[int, Field(gt=0, le=24 * 366)] = 24
    missing_check_seconds: Seconds = 60
    max_missing_batch_rows: Count = 1_000
    max_waiting_batch_rows: Count = 1_000
    overlap_longest_hours: Count = 31 * 24
    max_explanation_characters: Annotated[int, Field(ge=2_000)] = 64_000
    credential_overlap_longest_hours: Count = 48
    max_neighbours: Count = 4
    authorization_kept_days: Count = 400
    prune_seconds: Seconds = 60
    max_prune_rows: Count = 1_000
    max_numbering_rows: Count = 200_000
    max_page_rows: Count = 500

    @property
    def neighbours(self) -> Bounds:
        """How far other CDRs are looked up that one is compared with."""
        return Bounds(
            near_minutes=self.near_duplicate_minutes,
            connector_hours=self.overlap_longest_hours,
            credential_hours=self.credential_overlap_longest_hours,
            max_each=self.max_neighbours,
        )


class ClearingSettings(RuntimeSettings):
    """All settings of clearing; its own are `ROAMWATT_CLEARING__…`."""

    clearing: ClearingRules = ClearingRules()
