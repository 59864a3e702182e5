"""Settings of the authorization service."""

from services.runtime.settings import Count, Group, RuntimeSettings


class AuthorizationRules(Group):
    """Bounds of deciding.

    Attributes:
        recent_decisions: How many of its own decisions a replica keeps in memory to show them to an operator.
    """

    recent_decisions: Count = 1_000


class AuthorizationSettings(RuntimeSettings):
    """All settings of the authorization service; its own are `ROAMWATT_AUTHORIZATION__…`."""

    authorization: AuthorizationRules = AuthorizationRules()
