"""Runs the authorization service: `python -m services.authorization`."""

from services.authorization.admin import Admin
from services.authorization.direct import Authorizer
from services.authorization.handlers import HANDLERS
from services.authorization.settings import AuthorizationSettings
from services.authorization.tables import metadata
from services.runtime.app import run
from services.runtime.service import Service


def build(settings: AuthorizationSettings | None = None) -> Service:
    """Wire the service.

    Raises:
        services.runtime.settings.SettingsError: when the settings cannot be used.
    """
    settings = settings or AuthorizationSettings()
    authorizer = Authorizer(settings.authorization.recent_decisions)
    return Service(
        name="authorization",
        settings=settings,
        metadata=metadata,
        handlers=HANDLERS,
        direct=authorizer.subscriptions(),
        admin_routes=lambda _context: Admin(authorizer.recent).routes(),
    )


def main() -> None:
    """Run until told to stop."""
    run(build())


if __name__ == "__main__":
    main()
