"""Writes the tables of settings in the operators' page out of the settings themselves.

`python -m tests.support.settings_table` writes `deploy/README.md` anew; a contract test compares.
"""

import enum
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr

from services.authorization.settings import AuthorizationSettings
from services.catalogue.settings import CatalogueSettings
from services.clearing.settings import ClearingSettings
from services.gateway.settings import GatewaySettings
from services.registry.settings import RegistrySettings
from services.runtime.embedded.layout import CHECKOUT
from services.runtime.settings import PREFIX, RuntimeSettings
from services.sessions.settings import SessionsSettings

PAGE = CHECKOUT / "deploy" / "README.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->\n"
OWN: dict[str, type[RuntimeSettings]] = {
    "registry": RegistrySettings,
    "authorization": AuthorizationSettings,
    "sessions": SessionsSettings,
    "clearing": ClearingSettings,
    "gateway": GatewaySettings,
    "catalogue": CatalogueSettings,
}


def tables() -> str:
    """All settings: those of every service first, then each service's own."""
    common = RuntimeSettings.model_fields
    parts = ["### Every service\n", *_groups(RuntimeSettings, common)]
    for service, settings in OWN.items():
        own = [name for name in settings.model_fields if name not in common]
        parts += [f"### {service}\n", *_groups(settings, own)]
    return "\n".join(parts)


def page(current: str) -> str:
    """The operators' page with its tables as they should be."""
    head, _, rest = current.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}{tables()}{END}{tail}"


def _groups(settings: type[RuntimeSettings], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        group = settings.model_fields[name].annotation
        assert isinstance(group, type)
        assert issubclass(group, BaseModel)
        meaning = (inspect.getdoc(group) or "").split("\n\n", maxsplit=1)[0].replace("\n", " ")
        yield f"`{name}`: {meaning}\n"
        yield "| variable | default |\n| --- | --- |"
        yield "".join(f"| `{variable}` | {default} |\n" for variable, default in _rows(name, group))


def _rows(name: str, group: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for setting, field in group.model_fields.items():
        yield f"{PREFIX}{name}__{setting}".upper(), _shown(field.default)


def _shown(default: object) -> str:
    if default is None or isinstance(default, SecretStr):
        return "none"
    if isinstance(default, enum.Enum):
        default = default.value
    text = str(default).lower() if isinstance(default, bool) else str(default)
    return f"`{text.replace('postgresql+psycopg', 'postgresql')}`"


def main(file: Path = PAGE) -> None:
    """Write the page."""
    file.write_text(page(file.read_text()))


if __name__ == "__main__":
    main()
