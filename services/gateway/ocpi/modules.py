"""The modules of OCPI by their identifiers (2.3.0, version_information_endpoint, ModuleID)."""

from typing import Final, Literal, TypeAlias, get_args

ModuleId: TypeAlias = Literal[
    "cdrs",
    "chargingprofiles",
    "commands",
    "credentials",
    "hubclientinfo",
    "invoicereconciliation",
    "locations",
    "sessions",
    "tariffs",
    "tokens",
    "versions",
]
INVOICES: Final = "invoicereconciliation"
MODULES: Final[frozenset[str]] = frozenset(get_args(ModuleId))
CONFIGURATION: Final = frozenset({"versions", "credentials", "hubclientinfo"})
"""Between two platforms: neither requests nor answers have routing headers (Message routing headers)."""
FUNCTIONAL: Final = MODULES - CONFIGURATION
