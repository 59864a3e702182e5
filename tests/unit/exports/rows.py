"""Rows as the importer gives them, for tests of what is made of them."""

from datetime import UTC, datetime
from decimal import Decimal

from services.core.party import PartyId
from services.exports.files import FORMATS, ImportedSession
from services.exports.objects import City, Prices

START = datetime(2018, 9, 6, 10, 0, tzinfo=UTC)
END = datetime(2018, 9, 6, 11, 30, tzinfo=UTC)
CITY = City(
    cso=PartyId("GB", "DND"),
    csp=PartyId("GB", "CPS"),
    format=FORMATS[0],
    prices=Prices("GBP", Decimal("0.25"), Decimal(0), Decimal(0), Decimal(20)),
)


def imported(  # one row with everything in order
    row_id: str = "7751157",
    *,
    line: int = 2,
    card: str | None = "601838",
    charge_point: str = "50914",
    connector: str = "1",
    started_at: datetime = START,
    ended_at: datetime = END,
    kwh: str = "22.287",
    site: str = "Lochee Charging Hub, Dundee",
    model: str = "APT 22kW Dual Outlet",
) -> ImportedSession:
    return ImportedSession(
        line=line,
        row_id=row_id,
        card=card,
        charge_point=charge_point,
        connector=connector,
        started_at=started_at,
        ended_at=ended_at,
        kwh=Decimal(kwh),
        site=site,
        model=model,
    )
