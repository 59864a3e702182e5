"""The public keys of meters that an audit is given: those that the CSO registered, as CSV."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.clearing.audit.claims import Claim, same
from services.clearing.reporting.csv_columns import plain_name
from services.clearing.reporting.csv_rows import CsvTable
from services.clearing.reporting.files import opened
from services.clearing.reporting.problems import Problems
from services.clearing.reporting.rows import CannotReadFile
from services.clearing.reporting.tariffs_given import owner_of

_NEEDED: Final = ("evseuid", "publickey")
_OWNER: Final = ("country_code", "party_id")


class GivenMeterKeys:
    """Public keys by the CSO and its EVSE; of a file that names no CSO they are anybody's."""

    def __init__(self) -> None:
        self.problems: Final = Problems()
        self._keys: defaultdict[tuple[str, str], list[str]] = defaultdict(list)

    @classmethod
    def read(cls, paths: Sequence[Path], encoding: str = "utf-8") -> "GivenMeterKeys":
        """Read files with the columns evse_uid and public_key (hexadecimal or base64), country_code and party_id.

        Raises:
            CannotReadFile: when a file cannot be read or lacks a column.
        """
        given = cls()
        for path in paths:
            given._read(path, encoding)
        return given

    def _read(self, path: Path, encoding: str) -> None:
        with opened(path, encoding) as file:
            table = CsvTable(file)
            plain = [plain_name(heading) for heading in table.headings]
            missing = [name for name in _NEEDED if name not in plain]
            if missing:
                raise CannotReadFile(f"{path} has no meter keys: the columns are evse_uid and public_key")
            for line, cells, problem in table:
                row = dict(zip(plain, (cell.strip() for cell in cells or ()), strict=False))
                evse, key = (row.get(name) for name in _NEEDED)
                if problem is not None or not evse or not key:
                    self.problems.add(f"{path.name}, line {line}: {problem or 'it has no EVSE or no key'}")
                    continue
                owner = owner_of({name: row.get(plain_name(name)) for name in _OWNER})
                self._keys[owner, same(evse)].append(key)

    def of(self, claim: Claim) -> Sequence[str]:
        """Return the keys of the meter of a CDR's EVSE."""
        if not self._keys:
            return ()
        evse = same(claim.evse_uid)
        return self._keys.get((claim.visited_cso, evse)) or self._keys.get(("", evse)) or ()
