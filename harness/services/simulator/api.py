"""The simulator's operations, and their pages."""

from __future__ import annotations

import base64
from dataclasses import replace

from harness.access.context import Organization
from harness.access.facts import Facts
from harness.model import ApiCall, AwsError, Json, Principal
from harness.services.constraints import check
from harness.services.simulator.context import context_keys, context_of_caller, given_context
from harness.services.simulator.model import Simulation, Sources, invalid
from harness.services.simulator.policies import custom
from harness.services.simulator.principals import of_principal
from harness.services.simulator.request import actions_of, caller_of, owner_of, resources_of
from harness.services.simulator.results import results

OPERATIONS = (
    "GetContextKeysForCustomPolicy",
    "GetContextKeysForPrincipalPolicy",
    "SimulateCustomPolicy",
    "SimulatePrincipalPolicy",
)
# Parameters that are refused, not passed over: policies to leave out, and EC2's scenarios.
_UNSUPPORTED = ("PolicyExclusionList", "ResourceHandlingOption")
_PAGE = 100


class Simulator:
    """Answers IAM's OPERATIONS. Whether somebody may ask is decided before this sees the call."""

    def __init__(self, facts: Facts, organization: Organization | None = None) -> None:
        self._facts = facts
        self._organization = organization

    def handle(self, call: ApiCall) -> Json:
        """`call.params` and the answer have the names and shapes of botocore's model `iam`.

        Raises AwsError with IAM's codes; UnsupportedOperation (501) for parameters that the harness does not heed.
        """
        # IAM takes a simulation without policies, though its model requires them: nothing is allowed then.
        call = replace(call, params={"PolicyInputList": [], **call.params})
        check(call, "ValidationError")
        for name in _UNSUPPORTED:
            if call.params.get(name):
                what = f"{name} of iam:{call.operation}"
                raise AwsError("UnsupportedOperation", f"The harness does not support {what} yet", 501)
        named = "PolicySourceArn" in call.params
        sources = of_principal(call, self._facts, self._organization) if named else custom(call)
        simulates = call.operation.startswith("Simulate")
        return (
            _simulated(call, sources) if simulates else {"ContextKeyNames": context_keys(sources.of_caller)}
        )


def _simulated(call: ApiCall, sources: Sources) -> Json:
    """A page of as many actions as MaxItems says."""
    resources = resources_of(call)
    actions = actions_of(call, resources)
    start = _start(call)
    end = start + int(call.params.get("MaxItems", _PAGE))
    found = results(_simulation(call, sources), actions[start:end], resources)
    more = {"IsTruncated": True, "Marker": _marker(end)} if end < len(actions) else {"IsTruncated": False}
    return {"EvaluationResults": found, **more}


def _simulation(call: ApiCall, sources: Sources) -> Simulation:
    caller, given = caller_of(call), given_context(call)
    return Simulation(
        sources,
        caller or Principal(call.account, "", "user"),
        owner_of(call),
        {**context_of_caller(call, caller), **given},
        tuple(key for key in context_keys(sources.told) if key.lower() not in given),
    )


def _marker(start: int) -> str:
    """What AWS's hold is not known. Like AWS's it may be used with other actions, of which there may be fewer."""
    return base64.b64encode(f"action {start}".encode()).decode()


def _start(call: ApiCall) -> int:
    if "Marker" not in call.params:
        return 0
    try:
        said, _, number = base64.b64decode(call.params["Marker"], validate=True).decode().partition(" ")
    except ValueError:
        said, number = "", ""
    if said != "action" or not number.isdecimal():
        raise invalid("Invalid marker for pagination.")
    return int(number)
