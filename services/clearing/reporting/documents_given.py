"""Files of objects that an audit is given besides the CDRs: tariffs, locations, sessions."""

from collections.abc import Iterator
from pathlib import Path

from services.clearing.reporting.formats import Format, rows_of
from services.clearing.reporting.problems import Problems
from services.clearing.reporting.rows import Document


def documents(path: Path, encoding: str, problems: Problems) -> Iterator[tuple[str, Document]]:
    """Give the objects of a JSON file, each with words for where it stands; what is none becomes a problem.

    Raises:
        CannotReadFile: when the file cannot be opened.
    """
    with rows_of(path, Format.OCPI, encoding) as (rows, _, _):
        for row in rows:
            place = f"{path.name}, line {row.line}"
            if row.document is None:
                problems.add(f"{place}: {row.problem}")
            else:
                yield place, row.document
