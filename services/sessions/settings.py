"""Settings of sessions."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from services.runtime.settings import Count, Group, RuntimeSettings, Seconds
from services.sessions.authorizations import Window


class SessionRules(Group):
    """Bounds of tracking sessions.

    Attributes:
        authorization_before_start_seconds: How long before its start a session may have been authorized.
        authorization_after_start_seconds: How long after it, as clocks differ.
        authorization_kept_hours: How long an authorization is kept for a session that is reported late.
        prune_seconds: How often older ones are looked for.
        max_prune_rows: The most that one transaction deletes.
    """

    authorization_before_start_seconds: Seconds = 3600
    authorization_after_start_seconds: Annotated[float, Field(ge=0)] = 300
    authorization_kept_hours: Count = 35 * 24
    prune_seconds: Seconds = 60
    max_prune_rows: Count = 1_000

    @property
    def window(self) -> Window:
        """When a session without a reference may have been authorized."""
        before, after = self.authorization_before_start_seconds, self.authorization_after_start_seconds
        return Window(timedelta(seconds=before), timedelta(seconds=after))


class SessionsSettings(RuntimeSettings):
    """All settings of sessions; its own are `ROAMWATT_SESSIONS__…`."""

    sessions: SessionRules = SessionRules()
