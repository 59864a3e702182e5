"""An example of our own for each one that OCPI's text has, by its file's name: the same fields, other contents.

Each says what it is an example of, and `test_examples` reads it by that. Both versions have the same ones, each in its
own form; 2.3.0 has two more.
"""

from collections.abc import Mapping

from tests.unit.gateway.ocpi.examples.locations import locations
from tests.unit.gateway.ocpi.examples.parts import Example
from tests.unit.gateway.ocpi.examples.platforms import platforms
from tests.unit.gateway.ocpi.examples.records import records
from tests.unit.gateway.ocpi.examples.tariffs import tariffs
from tests.unit.gateway.ocpi.examples.tokens import tokens


def examples(version: str) -> Mapping[str, Example]:
    """Return all examples in one version, `2.2.1` or `2.3.0`."""
    newer = version == "2.3.0"
    return {**locations(newer), **records(newer), **tariffs(newer), **tokens(), **platforms()}
