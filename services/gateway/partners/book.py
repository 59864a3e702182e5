"""What one replica remembers of partners."""

from dataclasses import dataclass

from services.gateway.partners.agreements import Agreements
from services.gateway.partners.connections import Connections
from services.gateway.partners.peers import Peers


@dataclass(frozen=True, slots=True)
class Book:
    """What is remembered of partners for a second or so, to be forgotten after a change made here."""

    peers: Peers
    connections: Connections
    agreements: Agreements

    def forget(self) -> None:
        """Look everything up again."""
        for each in (self.peers, self.connections, self.agreements):
            each.forget()
