"""What differs between the versions of OCPI in the mapping of their objects."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from services.gateway.ocpi.common.prices import Reading
from services.gateway.ocpi.common.wire import TariffElement


@dataclass(frozen=True, slots=True)
class Models:
    """A version's wire models."""

    location: TypeAdapter[Any]
    evse: TypeAdapter[Any]
    connector: TypeAdapter[Any]
    tariff: TypeAdapter[Any]
    token: TypeAdapter[Any]
    session: TypeAdapter[Any]
    session_patch: TypeAdapter[Any]
    cdr: TypeAdapter[Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a version states what all of them state.

    Attributes:
        models: Its wire models.
        price: How it states a price.
        limit: How it states the least or highest price of a tariff.
        cost: How the prices of a CDR are to be read, which may depend on what the CDR says elsewhere.
        elements: The elements of a tariff with prices without taxes, as far as the tariff tells them.
        tax_included: What a tariff itself says of taxes in its prices; None where the version has no word for it.
    """

    models: Models
    price: Reading
    limit: Reading
    cost: Callable[[Mapping[str, Any]], Reading]
    elements: Callable[[Mapping[str, Any]], Sequence[TariffElement]]
    tax_included: Callable[[Mapping[str, Any]], str | None]
