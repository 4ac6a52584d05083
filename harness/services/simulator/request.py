"""What else a request says: actions, resources, who calls, and whose the resources are."""

from __future__ import annotations

import re

from harness.access.needs.iam import PRINCIPAL
from harness.model import ApiCall, Principal
from harness.services.simulator.catalogue import patterns
from harness.services.simulator.model import invalid

_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
_OWNER = re.compile(r"arn:aws:iam::(\d{12}):.+", re.ASCII)


def resources_of(call: ApiCall) -> tuple[str, ...]:
    """ARNs, or `*` alone. Raises AwsError InvalidInput."""
    resources = tuple(call.params.get("ResourceArns") or ("*",))
    if resources == ("*",):
        if call.params.get("ResourcePolicy"):
            raise invalid("Invalid Entity Arn: * does not clearly define entity type and name.")
        return resources
    for resource in resources:
        if not _ARN.fullmatch(resource):
            raise invalid(f"ResourceNames are not in a valid ARN format: {resource}.")
    return resources


def actions_of(call: ApiCall, resources: tuple[str, ...]) -> list[str]:
    """Any `service:name` passes, also one that no service has, and a pattern, which stands for itself. With ARNs all
    have to be actions that IAM knows, or none. Raises AwsError InvalidInput."""
    actions: list[str] = call.params["ActionNames"]
    if any(":" not in action for action in actions):
        raise invalid("The action is invalid since it is missing names")
    known = [action for action in actions if patterns(action) is not None]
    others = [action for action in actions if patterns(action) is None]
    if known and others and resources != ("*",):
        raise invalid(
            f"Invalid Input Actions: [{','.join(known)}] and [{','.join(others)}] require different "
            "authorization information."
        )
    return actions


def caller_of(call: ApiCall) -> Principal | None:
    """Who calls: CallerArn, or whose policies these are; None where neither is told. Raises AwsError InvalidInput.

    IAM also takes resource policies for roles, though its reference says that it does not.
    """
    given = call.params.get("CallerArn")
    found = PRINCIPAL.fullmatch(str(given or call.params.get("PolicySourceArn", "")))
    if given and found is None:
        raise invalid("Invalid caller - Caller must be an IAM user, role or group in this context.")
    if found is None:
        if call.params.get("ResourcePolicy"):
            raise invalid("Invalid caller - Caller cannot be null or empty.")
        return None
    arn, account = found[0], found["account"]
    if found["kind"] == "role":
        return Principal(account, arn, "assumed-role", role_arn=arn)
    return Principal(account, arn, "user")


def owner_of(call: ApiCall) -> str:
    """The account in ResourceOwner, empty without. IAM refuses an account's id (boto/botocore#1346), which is what the
    page of SimulatePrincipalPolicy asks for. Raises AwsError InvalidInput."""
    given = call.params.get("ResourceOwner")
    if given is None:
        return ""
    found = _OWNER.fullmatch(given)
    if found is None:
        raise invalid(f"'{given}' is not a valid as a Resource Owner.")
    return found[1]
