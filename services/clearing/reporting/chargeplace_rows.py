"""Charging-session exports of city operators as CDRs; they name no parties, no tariff, and not always a price."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from services.clearing.reporting.files import BROKEN, LongLine, Opened, lines_of, reason
from services.clearing.reporting.json_rows import BROKEN_OFF
from services.clearing.reporting.parties import Parties
from services.clearing.reporting.rows import CannotReadFile, Row
from services.core.errors import BadContent
from services.core.money import ZERO
from services.exports.files import Row as ExportedRow
from services.exports.files import rows
from services.exports.objects import City, Object, Places, Prices, delivered, power_of
from services.exports.times import ZONE_NAME

CURRENCY: Final = "GBP"
"""These operators' own; the files name none."""

_UNPRICED: Final = Prices(CURRENCY, ZERO, ZERO, ZERO, ZERO)
_WATTS: Final = Decimal(1000)


class ChargeplaceRows:
    """The CDRs of such a file.

    Raises:
        CannotReadFile: when its headings are those of no known publisher.
    """

    def __init__(self, file: Opened, parties: Parties) -> None:
        try:
            self._format, self._rows = rows(lines_of(file.text))
        except (BadContent, LongLine, *BROKEN) as error:
            raise CannotReadFile(f"{file.path}: {error}") from error
        self._city = City(parties.cso, parties.csp, self._format, _UNPRICED)
        self._places = Places()
        self.notes = [f"The file is an export of {self._format.city}'s operator; times are local ones of {ZONE_NAME}."]
        self._without_cost = 0

    def __iter__(self) -> Iterator[Row]:
        number = line = doubtful = 0
        try:
            for number, exported in enumerate(self._rows, 1):
                line = exported.line
                doubtful += exported.session is not None and bool(exported.notes)
                yield self._row(number, exported)
        except (LongLine, *BROKEN) as error:
            yield Row(number + 1, line + 1, None, f"{BROKEN_OFF}: {reason(error)}")
        if "cost" not in self._format.columns:
            self.notes.append("It does not say what was asked for a session: 0 is taken.")
        elif self._without_cost:
            self.notes.append(f"{self._without_cost:,} rows do not say what was asked for: 0 is taken.")
        if doubtful:
            self.notes.append(f"{doubtful:,} rows have a local time that the clock showed twice, or skipped.")

    def _row(self, number: int, exported: ExportedRow) -> Row:
        found = exported.session
        if found is None:
            told = "; ".join(note.detail for note in exported.notes)
            return Row(number, exported.line, None, told, cdr_id=exported.row_id)
        if found.cost_is_unreadable:
            return Row(number, exported.line, None, "its cost is no number", cdr_id=exported.row_id)
        self._without_cost += found.cost is None
        document: Object = delivered(self._city, found, self._places.of(found))
        document["total_cost"] = {"excl_vat": ZERO if found.cost is None else found.cost}
        power = Decimal(power_of(found.model).watts) / _WATTS
        return Row(number, exported.line, document, power_kw=power, time_zone=ZONE_NAME)
