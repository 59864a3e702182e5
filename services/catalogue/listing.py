"""What the catalogue knows: the committed schemas by id and by subject, as a schema registry's clients see them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas import contract, topics
from schemas.contract import Contract, Schema
from schemas.topics import Topics
from services.catalogue.matching import normal_form
from services.core.errors import BadContent, NotFound


class SubjectNotFound(NotFound):
    """There is no such subject."""


class VersionNotFound(NotFound):
    """The subject has no such version."""


class SchemaNotFound(NotFound):
    """There is no such schema, under this id or in this subject."""


class InvalidSchema(BadContent):
    """The text is no Avro schema."""


class InvalidVersion(BadContent):
    """A version is a number from 1 or `latest`."""


@dataclass(frozen=True, slots=True)
class Registered:
    """One version of a schema in one subject."""

    subject: str
    version: int
    id: int
    text: str
    normal: Any


class Listing:
    """All subjects; one a topic, named as stock clients name it: the topic and `-value`."""

    def __init__(self, loaded: Contract | None = None, listed: Topics | None = None) -> None:
        """Take the contract; by default the committed one."""
        schemas = (loaded or contract.load()).schemas
        self._subjects: Mapping[str, list[Registered]] = {
            f"{topic.name}-value": list(_registered(f"{topic.name}-value", schemas[topic.schema]))
            for topic in sorted(listed or topics.load(), key=lambda topic: topic.name)
        }

    def subjects(self, prefix: str = "") -> list[str]:
        """The names of all subjects that begin with a prefix."""
        return [name for name in self._subjects if name.startswith(prefix)]

    def versions(self, subject: str) -> list[Registered]:
        """All versions of a subject, in order.

        Raises:
            SubjectNotFound: when there is no such subject.
        """
        try:
            return self._subjects[subject]
        except KeyError:
            raise SubjectNotFound(f"Subject '{subject}' not found.") from None

    def version(self, subject: str, wanted: str) -> Registered:
        """One version of a subject, by number or `latest` (or -1, which means the same).

        Raises:
            SubjectNotFound: when there is no such subject.
            VersionNotFound: when it has no such version.
            InvalidVersion: when the text is no version at all.
        """
        versions = self.versions(subject)
        if wanted in {"latest", "-1"}:
            return versions[-1]
        if not (wanted.isascii() and wanted.isdigit() and int(wanted) > 0):
            raise InvalidVersion(f"The specified version '{wanted}' is not a valid version id.")
        if int(wanted) > len(versions):
            raise VersionNotFound(f"Version {wanted} not found.")
        return versions[int(wanted) - 1]

    def by_id(self, schema_id: str) -> list[Registered]:
        """Every place of the schema with an id; the same schema can stand in several subjects.

        Raises:
            SchemaNotFound: when there is none.
        """
        everything = (each for versions in self._subjects.values() for each in versions)
        found = [each for each in everything if str(each.id) == schema_id]
        if not found:
            raise SchemaNotFound(f"Schema {schema_id} not found")
        return found

    def look_up(self, subject: str, text: str) -> Registered:
        """The version of a subject that is the given schema.

        Raises:
            SubjectNotFound: when there is no such subject.
            InvalidSchema: when the text is no Avro schema.
            SchemaNotFound: when the subject has no such schema.
        """
        versions = self.versions(subject)
        try:
            normal = normal_form(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise InvalidSchema("Input schema is an invalid Avro schema") from None
        for each in reversed(versions):
            if each.normal == normal:
                return each
        raise SchemaNotFound("Schema not found")


def _registered(subject: str, schema: Schema) -> Iterator[Registered]:
    for version in schema.versions:
        text = json.dumps(version.schema, ensure_ascii=False)
        yield Registered(subject, version.number, version.id, text, normal_form(version.schema))
