"""One way for all that partners push: one transaction decides, stores and publishes a group of pushes.

In that transaction, for the whole group: pseudonyms are found or created, the objects' rows are locked in the order of
their keys, each push is compared with what we hold (`services.gateway.objects`), new states are written, their events
appended and their deliveries queued. A push is answered once it is committed, never before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.core.errors import BadContent, TooLarge, Unavailable
from services.gateway.deliveries.queue import Delivery, enqueue
from services.gateway.evses.overlay import laid_over
from services.gateway.evses.store import ahead, replace_states
from services.gateway.inbound.groups import Change, Group, HeldObject
from services.gateway.inbound.module import Module, Outcome, Result
from services.gateway.object_store import Key, ObjectStore, Row
from services.gateway.objects import Decision, Held, Verdict, decide
from services.gateway.ocpi import documents
from services.gateway.ocpi.bridging import convert
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Missing, OcpiError
from services.gateway.ocpi.mapping import ObjectMapping
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.versions import VERSIONS, Version
from services.gateway.settings import InboundSettings
from services.gateway.states import Merged, Push, State
from services.gateway.vault_store import Vault
from services.runtime.events import Event
from services.runtime.work import Work

_ROUNDS: Final = 5


class Pipeline:
    """Decides groups of pushes of one module; `decide` is what a `Grouper` is given."""

    def __init__(self, module: Module, vault: Vault) -> None:
        self._module, self._vault, self._store = module, vault, ObjectStore(module.name)

    async def decide(self, work: Work, pushes: Sequence[Push]) -> list[Result]:
        """Decide pushes in their order, inside a work.

        Raises:
            Unavailable: when other transactions kept on creating the same objects.
        """
        open_pushes = dict(enumerate(pushes))
        results: dict[int, Result] = {}
        pseudonyms = await self._pseudonyms(work, open_pushes)
        for _ in range(_ROUNDS):
            if not open_pushes:
                return [results[number] for number in range(len(pushes))]
            group = await self._round(work, open_pushes, pseudonyms)
            lost = await self._write(work, group)
            results |= group.results
            # Another transaction created the object in between: now its row can be locked, and is decided upon.
            open_pushes = {n: p for n, p in open_pushes.items() if self._key(p, pseudonyms.get(n)) in lost}
        raise Unavailable("objects are being created by others at the same time")

    async def _pseudonyms(self, work: Work, pushes: Mapping[int, Push]) -> dict[int, str]:
        credentials = {number: push.credential for number, push in pushes.items() if push.credential is not None}
        if not credentials:
            return {}
        found = await self._vault.pseudonyms(work, set(credentials.values()))
        return {number: found[credential] for number, credential in credentials.items()}

    async def _round(self, work: Work, pushes: Mapping[int, Push], pseudonyms: Mapping[int, str]) -> Group:
        keys = {number: self._key(push, pseudonyms.get(number)) for number, push in pushes.items()}
        # What is for one partner only begins as what is for all: see `_base`.
        general = {keys[n]._replace(audience="") for n, push in pushes.items() if push.audience and not push.is_whole}
        rows = await self._store.lock(work, general.union(keys.values()))
        sealing = {row.pseudonym for row in rows.values() if row.pseudonym}.union(pseudonyms.values())
        contract_keys = await self._vault.keys(work.connection, sealing)
        states = await ahead(work.connection, rows) if self._module.with_evses else {}
        group = Group({key: HeldObject(row, None) for key, row in rows.items()}, contract_keys, pseudonyms, states)
        for number, push in pushes.items():
            try:
                group.results[number] = self._apply(group, keys[number], number, push)
            except OcpiError as error:
                group.results[number] = error
        return group

    def _apply(self, group: Group, key: Key, number: int, push: Push) -> Outcome:
        held = group.held.get(key)
        base = held or self._base(group, key, push)
        if push.removal and (base is None or base.row.removed or push.of_version not in {0, base.row.version}):
            raise Missing("there is no such object")
        content = None if base is None else self._content(group, base, push.version)
        merged = self._merged(push, content, base)
        verdict = self._verdict(held, content, merged, push)
        if verdict.decision in {Decision.NEW, Decision.CHANGED}:
            pseudonym = group.pseudonyms.get(number) or (base.row.pseudonym if base else None)
            self._change(group, Change(key, push, merged, pseudonym, held, base))
        elif verdict.decision is Decision.SAME and held is not None and push.last_updated > held.row.last_updated:
            self._touch(group, key, push, merged, held)
        return Outcome(verdict, base.row.object_id if base else push.object_id)

    def _merged(self, push: Push, content: Document | None, base: HeldObject | None) -> Merged:
        if push.is_whole:
            return Merged(push.document, push.wire, base.row.last_updated if base else None)
        if base is None or base.row.removed or content is None:
            content = None
        if push.removal:
            if content is None or base is None:
                raise Missing("there is no such object")
            return Merged(content, self._mapping(push).read(content), base.row.last_updated)
        merge = self._mapping(push).merge
        if merge is None:
            raise Missing("only whole objects can be pushed here")
        merged = merge(push, content)
        self._module.bounds(merged.wire)
        return merged

    def _verdict(self, held: HeldObject | None, content: Document | None, merged: Merged, push: Push) -> Verdict:
        if push.removal:
            return Verdict(Decision.CHANGED)
        if held is None:
            return decide(None, merged.document, push.last_updated, immutable=self._module.immutable)
        # A part that is new has no date to be older than.
        date = merged.held_date or push.last_updated
        known = Held(content, date, held.row.removed)
        found = decide(known, merged.document, push.last_updated, immutable=self._module.immutable)
        if found.decision is Decision.CONFLICT and held.row.protocol != push.version.name:
            return self._compared_there(held, merged, push, found)
        return found

    def _compared_there(self, held: HeldObject, merged: Merged, push: Push, found: Verdict) -> Verdict:
        """Compare in the version of what we hold: a newer one may say more of a CDR that was sent in an older one."""
        given = convert(self._module.name, merged.document, push.version, VERSIONS[held.row.protocol])
        known = Held(held.content, held.row.last_updated)
        there = decide(known, given, push.last_updated, immutable=True)
        return there if there.decision is Decision.SAME else found

    def _change(self, group: Group, change: Change) -> None:
        """Work out the new row, its event and its deliveries; nothing is kept of it when one of them cannot be."""
        key, push = change.key, change.push
        body = self._body(push, change.merged)
        sealed = b""
        if change.pseudonym is not None and self._module.purpose is not None:
            sealed = group.keys.seal(change.pseudonym, self._module.purpose, body)
        row = self._row(change, sealed or body)
        event = self._mapping(push).event(_state(row, change.merged, sealed, push, self._module.limits))
        if change.held is None:
            group.created.add(key)
        elif key not in group.created:
            group.changed.add(key)
            if change.held.row.removed and not row.removed:
                group.revived.add(key)
        group.held[key] = HeldObject(row, change.merged.document)
        group.events.append((key, event))
        partners = (row.receiver,) if row.receiver else push.partners
        group.deliveries += [(key, self._delivery(row, change, partner)) for partner in partners]

    def _row(self, change: Change, body: bytes) -> Row:
        push, held, base = change.push, change.held, change.base
        date = push.last_updated
        if base is not None and not push.is_whole:
            date = max(date, base.row.last_updated)
        return Row(
            key=change.key,
            object_id=held.row.object_id if held else self._object_id(push, change.pseudonym),
            receiver=self._receiver(push, change.merged),
            version=held.row.version + 1 if held else 1,
            removed=push.removal,
            last_updated=date,
            pseudonym=change.pseudonym,
            body=body,
            protocol=push.version.name,
        )

    def _touch(self, group: Group, key: Key, push: Push, merged: Merged, held: HeldObject) -> None:
        """Keep the newer date of the same content, so that a push between the two is known to be stale."""
        if self._module.immutable or held.content is None or push.undated:
            return
        body = self._body(push, merged)
        if held.row.pseudonym and self._module.purpose:
            body = group.keys.seal(held.row.pseudonym, self._module.purpose, body)
        row = replace(held.row, last_updated=push.last_updated, body=body, protocol=push.version.name)
        group.held[key] = HeldObject(row, merged.document)
        if key not in group.created:
            group.changed.add(key)

    def _receiver(self, push: Push, merged: Merged) -> str:
        if self._module.receiver is None:
            return ""
        receiver = self._module.receiver(merged.wire)
        if receiver not in push.agreed:
            raise OcpiError(f"cdr_token: there is no agreement in force between {push.owner} and {receiver}")
        return receiver

    def _content(self, group: Group, held: HeldObject, version: Version) -> Document | None:
        """Return an object's content in a version, parsed when first needed; None once its contract was erased."""
        row = held.row
        if held.content is None and (row.pseudonym is None or row.pseudonym in group.keys):
            body = row.body
            if row.pseudonym is not None and self._module.purpose is not None:
                body = group.keys.of(row.pseudonym).unseal(self._module.purpose, body)
            stored = documents.parse(body, documents.STORED_DEPTH)
            held.content = laid_over(stored, group.states.get(row.key, {}).values())
        if held.content is None or row.protocol == version.name:
            return held.content
        return convert(self._module.name, held.content, VERSIONS[row.protocol], version)

    def _base(self, group: Group, key: Key, push: Push) -> HeldObject | None:
        """A change for one partner only, of an object that was for all: that partner has its own copy from now on."""
        return group.held.get(key._replace(audience="")) if push.audience and not push.is_whole else None

    def _delivery(self, row: Row, change: Change, partner: str) -> Delivery:
        # The bytes are in the object's row. A credit CDR must not overtake the CDR that it takes back.
        content = change.merged.wire
        credited = content.get("credit_reference_id") if self._module.immutable and content.get("credit") else None
        owner, push = row.key.owner, change.push
        return Delivery(
            partner, self._module.name, owner, row.object_id, row.version, push.correlation_id, credited, push.sender
        )

    def _body(self, push: Push, merged: Merged) -> bytes:
        return push.body if push.is_whole else documents.render(merged.document)

    def _mapping(self, push: Push) -> ObjectMapping:
        return mapping(push.version, self._module.name)

    def _object_id(self, push: Push, pseudonym: str | None) -> str:
        return pseudonym or "" if self._module.by_pseudonym else push.object_id

    def _key(self, push: Push, pseudonym: str | None) -> Key:
        return Key.of(push.owner, self._object_id(push, pseudonym), push.audience)

    async def _write(self, work: Work, group: Group) -> set[Key]:
        """Write a round; returns the keys of objects that another transaction has created meanwhile."""
        new = [group.held[key].row for key in sorted(group.created)]
        lost = group.created - await self._store.insert(work, new)
        await self._store.update(work, [group.held[key].row for key in sorted(group.changed)])
        await self._store.revive(work, group.revived)
        if self._module.with_evses:
            now = {key: group.held[key] for key in group.changed | (group.created - lost)}
            await replace_states(work, {key: (each.row, each.content or {}) for key, each in now.items()})
        for key, event in group.events:
            if key not in lost:
                self._append(work, event)
        await enqueue(work, [delivery for key, delivery in group.deliveries if key not in lost])
        return lost

    def _append(self, work: Work, event: Event) -> None:
        try:
            work.append(event)
        except TooLarge:
            # As bad content it is looked for in the group, and the others are taken.
            raise BadContent(
                f"{self._module.name}: with all that was pushed of it the object is larger than an event may be; "
                "take parts away, or divide it into several"
            ) from None


def _state(row: Row, merged: Merged, sealed: bytes, push: Push, limits: InboundSettings) -> State:
    return State(
        owner=row.key.owner,
        object_id=row.object_id,
        audience=row.key.audience,
        receiver=row.receiver,
        version=row.version,
        removed=row.removed,
        last_updated=row.last_updated,
        wire=merged.wire,
        pseudonym=row.pseudonym or "",
        sealed=sealed,
        correlation_id=push.correlation_id,
        protocol=row.protocol,
        body=b"" if sealed else row.body,
        limits=limits,
    )
