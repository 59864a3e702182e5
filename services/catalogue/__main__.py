"""`python -m services.catalogue`: serves the committed schemas over HTTPS until it is asked to stop."""

import asyncio
import signal
import sys

import uvloop

from services.catalogue.app import application
from services.catalogue.listing import Listing
from services.catalogue.settings import CatalogueSettings
from services.core.errors import RoamwattError
from services.runtime.bounds import Bounds
from services.runtime.https import server
from services.runtime.logs import configure, logger

log = logger(__name__)


async def serve(settings: CatalogueSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way."""
    app = Bounds(application(Listing()), settings.https, "catalogue")
    running = server(app, settings.https.host, settings.catalogue.port, settings.https)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, setattr, running, "should_exit", True)
    serving = asyncio.create_task(running.serve())
    await asyncio.wait({serving, asyncio.create_task(running.open.wait())}, return_when=asyncio.FIRST_COMPLETED)
    log.info("catalogue serves", host=settings.https.host, port=running.port)
    await serving


def main() -> int:
    """Run the catalogue; what cannot be used of its settings or address is said in a line."""
    try:
        settings = CatalogueSettings()
        configure(settings.log, "catalogue")
        uvloop.run(serve(settings))
    except RoamwattError as error:
        sys.stderr.write(f"roamwatt catalogue: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
