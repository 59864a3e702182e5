"""Runs sessions: `python -m services.sessions`."""

from services.runtime.app import run
from services.runtime.service import Service
from services.sessions.admin import Admin
from services.sessions.handlers import Sessions
from services.sessions.settings import SessionsSettings
from services.sessions.tables import metadata


def build(settings: SessionsSettings | None = None) -> Service:
    """Wire the service.

    Raises:
        services.runtime.settings.SettingsError: when the settings cannot be used.
    """
    settings = settings or SessionsSettings()
    sessions = Sessions(settings.sessions)
    return Service(
        name="sessions",
        settings=settings,
        metadata=metadata,
        handlers=sessions.handlers(),
        timers=sessions.timers(),
        admin_routes=lambda context: Admin(context).routes(),
    )


def main() -> None:
    """Run until told to stop."""
    run(build())


if __name__ == "__main__":
    main()
