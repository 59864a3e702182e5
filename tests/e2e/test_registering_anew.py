"""A partner that has forgotten its token comes back, on the whole platform."""

import pytest

from services.runtime.embedded.deployment import Deployment
from tests.support.roaming import two_partners

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_partner_registers_anew_after_it_was_removed_and_with_a_token_issued_again(
    deployment: Deployment,
) -> None:
    async with two_partners(deployment) as roaming:
        party = roaming.cso.party
        for step in ("removed and invited", "token issued again"):
            if step == "removed and invited":
                token = await roaming.admin.invite(party, "Stand-in CSO", ["CSO"])
            else:
                token = (await roaming.admin.post("registry", f"/partners/{party}/token", {}))["registration_token"]
            done = await roaming.cso.act("/register", versions_url=roaming.versions_url, registration_token=token)
            assert done["hub"], step
        (mine,) = [
            each
            for each in (await roaming.admin.get("gateway", "/connections"))["connections"]
            if each["party"] == party
        ]
        assert mine["registered"]
