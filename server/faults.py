"""Places where a test build may be killed on purpose (OPS-10). Everywhere else each is a call that does nothing."""

import importlib.util
import os
import signal
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """Every marked point, in the order in which a flag passes them."""

    RELAY_AFTER_CLAIM = "relay_after_claim"
    RELAY_AFTER_PLAN = "relay_after_plan"
    RELAY_AFTER_SEND = "relay_after_send"
    RELAY_AFTER_MARK = "relay_after_mark"
    ESCALATION_BEFORE_COMMIT = "escalation_before_commit"
    ESCALATION_AFTER_COMMIT = "escalation_after_commit"


_armed: Final[set[Fault]] = set()


def arm(name: str) -> bool:
    """Kill this process at a point. Ignored where the tests are not installed beside the code: no release carries them."""
    if importlib.util.find_spec("tests") is None or name not in set(Fault):
        return False
    _armed.add(Fault(name))
    return True


def faultpoint(point: Fault) -> None:
    """Here a test may end the process, as a power cut would."""
    if point in _armed:
        os.kill(os.getpid(), signal.SIGKILL)
