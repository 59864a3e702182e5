"""Runs clearing: `python -m services.clearing`."""

from services.clearing.admin import Admin
from services.clearing.admin_meter_keys import MeterKeyAdmin
from services.clearing.handlers import Clearing
from services.clearing.settings import ClearingSettings
from services.clearing.tables import metadata
from services.runtime.app import run
from services.runtime.service import Service


def build(settings: ClearingSettings | None = None) -> Service:
    """Wire the service.

    Raises:
        services.runtime.settings.SettingsError: when the settings cannot be used.
    """
    settings = settings or ClearingSettings()
    clearing = Clearing(settings.clearing)
    return Service(
        name="clearing",
        settings=settings,
        metadata=metadata,
        handlers=clearing.handlers(),
        timers=clearing.timers(),
        admin_routes=lambda context: [
            *Admin(context, settings.clearing).routes(),
            *MeterKeyAdmin(context, settings.clearing).routes(),
        ],
    )


def main() -> None:
    """Run until told to stop."""
    run(build())


if __name__ == "__main__":
    main()
