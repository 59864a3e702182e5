"""Settings of the registry."""

from typing import Annotated

from pydantic import Field

from services.runtime.settings import Count, Group, RuntimeSettings


class RegistryRules(Group):
    """Bounds of inviting and listing partners.

    Attributes:
        registration_token_lifetime_hours: How long a registration token opens the registration.
        max_page_rows: The most partners or agreements that one answer lists.
    """

    registration_token_lifetime_hours: Annotated[int, Field(gt=0, le=24 * 365)] = 72
    max_page_rows: Count = 500


class RegistrySettings(RuntimeSettings):
    """All settings of the registry; its own are `ROAMWATT_REGISTRY__…`."""

    registry: RegistryRules = RegistryRules()
