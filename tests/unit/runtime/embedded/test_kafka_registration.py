import pytest

from services.runtime.embedded.kafka_registration import is_given_up

ACTIVE = "INFO org.apache.kafka.controller.QuorumController - Becoming the active controller at epoch 2, offset 16.\n"
REGISTERED = (
    "INFO ClusterControlManager - Replayed initial RegisterBrokerRecord for broker 1: RegisterBrokerRecord(brokerId=1, "
    "features=[BrokerFeature(name='kraft.version')], rack=null, fenced={}, inControlledShutdown=false, logDirs=[])\n"
)
CHANGED = (
    "INFO ClusterControlManager - Replayed BrokerRegistrationChangeRecord modifying the registration for broker 1: "
    "BrokerRegistrationChangeRecord(brokerId=1, brokerEpoch=11, fenced={}, inControlledShutdown=0, logDirs=[])\n"
)


@pytest.mark.parametrize(
    ("said", "given_up"),
    [
        ("", False),
        (ACTIVE, True),
        (REGISTERED.format("true"), False),
        (REGISTERED.format("true") + ACTIVE, True),
        (REGISTERED.format("false") + ACTIVE, False),
        (REGISTERED.format("true") + CHANGED.format("0") + CHANGED.format("-1") + ACTIVE, False),
        (REGISTERED.format("true") + CHANGED.format("-1") + CHANGED.format("0") + ACTIVE, False),
        (REGISTERED.format("true") + CHANGED.format("-1") + ACTIVE + CHANGED.format("1"), True),
        (REGISTERED.format("true") + CHANGED.format("-1") + CHANGED.format("1") + ACTIVE, True),
        (CHANGED.format("1") + REGISTERED.format("false") + ACTIVE, False),
    ],
)
def test_the_last_state_of_the_registration_counts_once_all_is_read(said: str, given_up: bool) -> None:
    assert is_given_up(said.encode()) is given_up
