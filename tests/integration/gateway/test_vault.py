"""The vault's store on a real PostgreSQL: random pseudonyms, found again, erased for good."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from services.core.errors import Halted
from services.gateway.authorize.holders import Holder, holders
from services.gateway.object_store import Key, ObjectStore, Row
from services.gateway.settings import VaultSettings
from services.gateway.vault import Credential, MasterKey, Purpose, Unreadable
from services.gateway.vault_store import Erased, Sealing, Vault
from services.runtime.work import Work
from tests.integration.gateway.bench import Bench

MASTER = MasterKey(bytes(range(32)))
CARD = Credential("NL-CSP", "RFID", "04A1B2C3")


def vault(master: MasterKey = MASTER, **settings: float) -> Vault:
    return Vault(master, VaultSettings(**settings))


async def pseudonyms(bench: Bench, vault: Vault, credentials: Sequence[Credential]) -> dict[Credential, str]:
    async def act(work: Work) -> dict[Credential, str]:
        return await vault.pseudonyms(work, credentials)

    return await bench.transactions.run(act)


async def seal(bench: Bench, vault: Vault, pseudonym: str, data: bytes, purpose: Purpose = Purpose.CDR) -> bytes:
    async with bench.engine.connect() as connection:
        return (await vault.seal(connection, [Sealing(pseudonym, purpose, data)]))[0]


async def unseal(bench: Bench, vault: Vault, *values: Sealing) -> list[bytes | None]:
    async with bench.engine.connect() as connection:
        return await vault.unseal(connection, values)


async def erase(bench: Bench, vault: Vault, pseudonym: str) -> bool:
    return await bench.transactions.run(lambda work: vault.erase(work, pseudonym))


async def test_a_credential_is_found_again_by_any_replica_however_it_is_written(bench: Bench) -> None:
    found = await pseudonyms(bench, vault(), [CARD])
    same = Credential("NL-CSP", "RFID", "04a1b2c3")
    assert (await pseudonyms(bench, vault(), [same, CARD])) == {same: found[CARD], CARD: found[CARD]}
    others = [Credential("DE-EMP", "RFID", CARD.uid), Credential("NL-CSP", "APP_USER", CARD.uid)]
    assert len({*(await pseudonyms(bench, vault(), others)).values(), found[CARD]}) == 3


async def test_a_pseudonym_is_random(bench: Bench) -> None:
    first = (await pseudonyms(bench, vault(), [CARD]))[CARD]
    async with bench.engine.begin() as connection:
        await connection.execute(text("DELETE FROM gateway.contracts"))
    assert (await pseudonyms(bench, vault(), [CARD]))[CARD] != first


async def test_many_at_once_from_many_replicas_get_one_pseudonym_each(bench: Bench) -> None:
    cards = [Credential("NL-CSP", "RFID", f"U{number}") for number in range(40)]
    replicas = [vault() for _ in range(6)]
    orders = [cards[shift * 5 :] + cards[: shift * 5] for shift in range(6)]
    found = await asyncio.gather(
        *(pseudonyms(bench, each, order) for each, order in zip(replicas, orders, strict=True))
    )
    assert all(one == found[0] for one in found)
    assert len(await bench.rows("SELECT 1 FROM gateway.contracts")) == 40


async def test_nothing_of_a_transaction_that_was_rolled_back_stays(bench: Bench) -> None:
    one = vault()

    async def act(work: Work) -> None:
        await one.pseudonyms(work, [CARD])
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await bench.transactions.run(act)
    assert not await bench.rows("SELECT 1 FROM gateway.contracts")
    assert (await pseudonyms(bench, one, [CARD])) == (await pseudonyms(bench, vault(), [CARD]))


async def test_what_one_replica_seals_another_opens(bench: Bench) -> None:
    pseudonym = (await pseudonyms(bench, vault(), [CARD]))[CARD]
    sealed = await seal(bench, vault(), pseudonym, b"data")
    assert await unseal(bench, vault(), Sealing(pseudonym, Purpose.CDR, sealed)) == [b"data"]
    with pytest.raises(Unreadable):
        await unseal(bench, vault(), Sealing(pseudonym, Purpose.TOKEN, sealed))


async def test_a_blob_under_another_contract_is_refused(bench: Bench) -> None:
    other = Credential("NL-CSP", "RFID", "OTHER")
    found = await pseudonyms(bench, vault(), [CARD, other])
    sealed = await seal(bench, vault(), found[CARD], b"data")
    with pytest.raises(Unreadable):
        await unseal(bench, vault(), Sealing(found[other], Purpose.CDR, sealed))


async def test_erasing_destroys_key_and_look_up(bench: Bench) -> None:
    one = vault()
    pseudonym = (await pseudonyms(bench, one, [CARD]))[CARD]
    sealed = await seal(bench, one, pseudonym, b"data")
    assert await erase(bench, one, pseudonym)
    assert not await erase(bench, one, pseudonym)
    assert await unseal(bench, one, Sealing(pseudonym, Purpose.CDR, sealed)) == [None]
    with pytest.raises(Erased):
        await seal(bench, one, pseudonym, b"data")
    async with bench.engine.connect() as connection:
        assert await holders(connection, one.card(CARD.type, CARD.uid), "") == []
        assert await one.find(connection, CARD) is None
    assert (await pseudonyms(bench, one, [CARD]))[CARD] != pseudonym


async def test_another_replica_forgets_an_erased_key_within_the_caches_time(bench: Bench) -> None:
    now = 0.0
    other = Vault(MASTER, VaultSettings(key_cache_seconds=60), monotonic=lambda: now)
    pseudonym = (await pseudonyms(bench, other, [CARD]))[CARD]
    sealed = await seal(bench, other, pseudonym, b"data")
    await erase(bench, vault(), pseudonym)
    assert await unseal(bench, other, Sealing(pseudonym, Purpose.CDR, sealed)) == [b"data"]
    now = 61.0
    assert await unseal(bench, other, Sealing(pseudonym, Purpose.CDR, sealed)) == [None]


async def test_a_small_cache_changes_nothing(bench: Bench) -> None:
    cards = [Credential("NL-CSP", "RFID", f"U{number}") for number in range(5)]
    small = vault(max_cached_keys=1)
    found = await pseudonyms(bench, small, cards)
    async with bench.engine.connect() as connection:
        values = [Sealing(found[card], Purpose.CDR, card.uid.encode()) for card in cards]
        sealed = await small.seal(connection, values)
    opened = [Sealing(found[card], Purpose.CDR, blob) for card, blob in zip(cards, sealed, strict=True)]
    assert await unseal(bench, small, *opened) == [card.uid.encode() for card in cards]


async def test_holders_of_a_card_whose_home_csp_is_not_known(bench: Bench) -> None:
    twice = Credential("DE-EMP", "RFID", "04a1B2c3")
    found = await pseudonyms(bench, vault(), [CARD, twice, Credential("NL-CSP", "RFID", "OTHER")])
    async with bench.engine.connect() as connection:
        found_holders = await holders(connection, vault().card("RFID", "04A1b2C3"), "")
    assert found_holders == [Holder("DE-EMP", found[twice]), Holder("NL-CSP", found[CARD])]


async def test_a_holders_token_object_as_one_partner_may_see_it(bench: Bench) -> None:
    pseudonym = (await pseudonyms(bench, vault(), [CARD]))[CARD]
    now = datetime(2026, 1, 1, tzinfo=UTC)

    async def push(audience: str, body: bytes, *, removed: bool = False) -> None:
        key = Key.of(CARD.home_csp, pseudonym, audience)
        row = Row(key, pseudonym, "", 1, removed, now, pseudonym, body, "OCPI-2.2.1")

        async def act(work: Work) -> None:
            await ObjectStore("tokens").insert(work, [row])

        await bench.transactions.run(act)

    async def seen_by(partner: str) -> list[bytes | None]:
        async with bench.engine.connect() as connection:
            found = await holders(connection, vault().card(CARD.type, CARD.uid), partner)
        return [each.token for each in found if each.home_csp == CARD.home_csp]

    assert await seen_by("FR-SUN") == [None]
    await push("", b"for all")
    await push("FR-SUN", b"for one")
    await push("DE-OTH", b"withdrawn", removed=True)
    assert await seen_by("FR-SUN") == [b"for one"]
    assert await seen_by("BE-WND") == [b"for all"]
    assert await seen_by("DE-OTH") == [None]


async def test_another_master_key_stops_the_vault_instead_of_making_second_pseudonyms(bench: Bench) -> None:
    await pseudonyms(bench, vault(), [CARD])
    with pytest.raises(Halted, match="another master key"):
        await pseudonyms(bench, vault(MasterKey(bytes(32))), [CARD])
    assert len(await bench.rows("SELECT 1 FROM gateway.contracts")) == 1


async def test_a_changed_row_is_noticed(bench: Bench) -> None:
    cards = [CARD, Credential("NL-CSP", "RFID", "OTHER")]
    await pseudonyms(bench, vault(), cards)
    async with bench.engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE gateway.contracts c SET wrapped_key = o.wrapped_key "
                "FROM gateway.contracts o WHERE o.lookup <> c.lookup"
            )
        )
    with pytest.raises(Unreadable):
        await pseudonyms(bench, vault(), cards)
