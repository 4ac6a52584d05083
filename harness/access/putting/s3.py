"""S3: bucket policies.

Sources: S3's answers as LocalStack recorded them (tests/aws/services/s3) and versity/versitygw#645, #648, #649 report
them; humanmade/S3-Uploads#239; noobaa/noobaa-core#10058. Access points have policies of their own, and are left out.
"""

from __future__ import annotations

from typing import Any

from harness.access.facts import Facts
from harness.access.putting.catalogue import Action, matching_actions
from harness.access.putting.existence import check_existence
from harness.iam import matching
from harness.iam.grammar import Malformed, check
from harness.iam.grammar.faults import each, refuse, values
from harness.iam.grammar.resource import INVALID_ACTION, INVALID_PRINCIPAL
from harness.model import ApiCall, AwsError, Json

_ARN = "arn:aws:s3:::"
# In bytes, of the document as S3 writes it; here of the document without white space.
_LARGEST = 20_480


def put_bucket_policy(call: ApiCall, facts: Facts) -> None:
    """A bucket that is not there is for S3 to tell."""
    bucket = str(call.params.get("Bucket", ""))
    if facts.bucket(bucket) is None:
        return
    policy: Any = call.params.get("Policy", "")
    text = policy.decode(errors="replace") if isinstance(policy, bytes) else str(policy)
    try:
        _check(text, bucket, call, facts)
    except Malformed as fault:
        raise AwsError("MalformedPolicy", str(fault)) from fault


def _check(text: str, bucket: str, call: ApiCall, facts: Facts) -> None:
    if not text.startswith("{"):
        refuse(
            "Policies must be valid JSON and the first byte must be '{'",
            "",
            f"it is {text[:1]!r}" if text else "",
        )
    document = check(text, "resource")
    if len("".join(text.split()).encode()) > _LARGEST:
        refuse(f"Normalized policy document exceeds the maximum allowed size of {_LARGEST} bytes", "")
    check_existence(document, call, facts, INVALID_PRINCIPAL)
    for place, statement in each(document["Statement"], "Statement"):
        _check_resources(statement, place, bucket)
        _check_actions(statement, place)


def _check_resources(statement: Json, place: str, bucket: str) -> None:
    for where, resource in values([(place, statement)], "Resource", "NotResource"):
        name = resource.removeprefix(_ARN).split("/", 1)[0]
        if not resource.startswith(_ARN) or not matching.glob(name)(bucket):
            refuse("Policy has invalid resource", where, f"{resource} is not of the bucket {bucket}")


def _check_actions(statement: Json, place: str) -> None:
    """Each action has to be S3's, for one of the resources, and know the condition keys of S3's own."""
    for where, pattern in values([(place, statement)], "Action", "NotAction"):
        found = [
            action for action in matching_actions("s3", pattern) if action.resources & {"bucket", "object"}
        ]
        if not found:
            refuse(INVALID_ACTION, where, f"S3 has no action {pattern} for buckets or objects")
        if "Action" in statement:
            found = _for_resources(found, statement, where, pattern)
            _check_keys(found, statement, where, pattern)


def _for_resources(found: list[Action], statement: Json, where: str, pattern: str) -> list[Action]:
    resources = [resource for _, resource in each(statement.get("Resource", "*"), "")]
    kinds = {kind for resource in resources for kind in _kinds(resource)}
    applying = [action for action in found if action.resources & kinds]
    if not applying:
        kind = "objects, as arn:aws:s3:::bucket/*" if "bucket" in kinds else "buckets, as arn:aws:s3:::bucket"
        what = f"{pattern} is for {kind}"
        refuse("Action does not apply to any resource(s) in statement", where, what)
    return applying


def _kinds(resource: str) -> set[str]:
    """What a resource's pattern may be: only an object's has a slash, and a `*` stands for one, too."""
    return ({"object"} if "/" in resource or "*" in resource else set()) | (
        {"bucket"} if "/" not in resource else set()
    )


def _check_keys(found: list[Action], statement: Json, where: str, pattern: str) -> None:
    for operator in statement.get("Condition", {}).values():
        for key in operator:
            name = key.lower().split("/")[0]
            if name.startswith("s3:") and not any(name in action.keys for action in found):
                sentence = "Conditions do not apply to combination of actions and resources in statement"
                refuse(sentence, where, f"{pattern} knows no {key}")
