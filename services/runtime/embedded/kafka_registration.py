"""What the controller of the embedded Kafka says of its broker's registration."""

import re
from typing import Final

LOGGERS: Final = ("ClusterControlManager", "QuorumController")
"""Of `org.apache.kafka.controller`: those that have to speak, at the level info."""

_ACTIVE: Final = b"Becoming the active controller"
# A registration says true or false, a change of it 1 or -1 where it changes anything of this.
_STATE: Final = re.compile(rb"Replayed .*(?:RegisterBroker|BrokerRegistrationChange)Record\(.*\bfenced=([^,)]+)")
_FENCED: Final = {b"true": True, b"1": True, b"false": False, b"-1": False}


def is_given_up(said: bytes) -> bool:
    """Tell whether a controller that starts alone has given up its broker, or never knew one.

    Args:
        said: All that it said since it was started.
    """
    if _ACTIVE not in said:
        return False
    states = [_FENCED[state] for state in _STATE.findall(said) if state in _FENCED]
    return not states or states[-1]
