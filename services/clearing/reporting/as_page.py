"""A report as one HTML page that needs nothing else: to be read, printed and forwarded."""

from collections.abc import Mapping
from typing import Any, Final

from services.clearing.reporting import plots
from services.clearing.reporting.printable import amount, printable
from services.core.errors import RoamwattError

try:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
except ModuleNotFoundError as error:
    MISSING: str | None = error.name
else:
    MISSING = None


class NotInstalled(RoamwattError):
    """A package is missing without which there is no page."""


_TEMPLATE: Final = "page.html.j2"


def check() -> None:
    """See that there is all that a page needs.

    Raises:
        NotInstalled: when Jinja2 or matplotlib is missing.
    """
    missing = MISSING or plots.MISSING
    if missing is not None:
        raise NotInstalled(f"a page needs a package that is not installed ({missing}): install the extra `report`")


def as_page(data: Mapping[str, Any]) -> str:
    """Return the page.

    Raises:
        NotInstalled: when Jinja2 or matplotlib is missing.
    """
    check()
    # Everything that a file says is escaped; `finalize` takes out what would turn the direction of writing.
    environment = Environment(
        loader=PackageLoader("services.clearing.reporting", "."),
        autoescape=True,
        finalize=lambda value: value if isinstance(value, Markup) else printable(value),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["amount"] = amount
    drawn = [(plot, Markup(plot.wide), Markup(plot.narrow)) for plot in plots.plots(data)]  # noqa: S704 - matplotlib escapes
    return environment.get_template(_TEMPLATE).render(data=data, plots=drawn)
