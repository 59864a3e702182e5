"""Runs the registry: `python -m services.registry`."""

from services.registry.admin import Admin
from services.registry.handlers import HANDLERS
from services.registry.settings import RegistrySettings
from services.registry.tables import metadata
from services.runtime.app import run
from services.runtime.service import Service


def build(settings: RegistrySettings | None = None) -> Service:
    """Wire the service.

    Raises:
        services.runtime.settings.SettingsError: when the settings cannot be used.
    """
    settings = settings or RegistrySettings()
    return Service(
        name="registry",
        settings=settings,
        metadata=metadata,
        handlers=HANDLERS,
        admin_routes=lambda context: Admin(context, settings.registry).routes(),
    )


def main() -> None:
    """Run until told to stop."""
    run(build())


if __name__ == "__main__":
    main()
