"""What an integrator needs to know of a running deployment."""

from rich.markup import escape
from rich.table import Table

from services.cli.api import AdminApi
from services.cli.output import console
from services.core.errors import RoamwattError
from services.runtime.embedded.deployment import Deployment

TEST_PARTY = "NL-TST"


def show_addresses(deployment: Deployment) -> None:
    """Print addresses, the CA file and a registration token for a test partner."""
    table = Table(box=None, show_header=False, pad_edge=False, title="What a partner needs", title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in (
        ("OCPI versions", deployment.versions_url),
        (f"token for {TEST_PARTY}", _registration_token(AdminApi(deployment))),
        ("CA certificate", str(deployment.ca_file)),
        ("Kafka", deployment.bootstrap_servers),
        ("schema catalogue", deployment.catalogue_url),
        ("more partners", "roamwatt partner add --help"),
        ("partner's guide", "services/gateway/README.md"),
        ("logs", str(deployment.layout.logs)),
    ):
        table.add_row(name, escape(value))
    console.print()
    console.print(table, soft_wrap=True)


def _registration_token(api: AdminApi) -> str:
    """Invite the test partner, or give it a new token while it has not registered."""
    invitation = {"party": TEST_PARTY, "name": "Test partner", "roles": ["CSO", "CSP"]}
    try:
        invited = api.post("registry", "/partners", invitation)
        if invited["status"] == "INVITED" and invited["registration_token"] is None:
            invited = api.post("registry", f"/partners/{TEST_PARTY}/token")
    except RoamwattError as error:
        return f"(none: {error})"
    return invited["registration_token"] or f"(none: {TEST_PARTY} is {invited['status'].lower()} already)"
