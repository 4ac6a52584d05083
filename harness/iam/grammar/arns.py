"""The ARNs that IAM takes for the resources of identity-based policies, as moto recorded its answers."""

from __future__ import annotations

import re

from harness.iam.grammar.faults import Malformed

# The accounts here are in the partition `aws`; IAM refuses the ARNs of others.
_PARTITIONS = ("aws", "*")
_IAM_PATHS = (
    "user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, "
    "saml-provider/, oidc-provider/, report/, access-report/"
)
# In AWS's own managed policies, beside those that IAM's sentence lists.
_IAM_STARTS = (*_IAM_PATHS.split(", "), "root", "role-template/")
# S3's resources with a region. Source: Service Authorization Reference, "Resource types defined by Amazon S3".
_REGIONAL_S3 = (
    "accesspoint/",
    "access-grants/",
    "async-request/",
    "job/",
    "storage-lens/",
    "storage-lens-group/",
)


def fault(resource: str, place: str) -> Malformed | None:
    """What is wrong with a resource; None where nothing is, or where only `is_legacy` finds it."""
    said = None if resource == "*" else _sentence(resource)
    return Malformed(place, said) if said else None


def is_legacy(resource: str) -> bool:
    """Whether IAM's older parser reads the ARN: fewer than six parts pass only without empty ones."""
    return resource == "*" or (
        (resource.count(":") >= 5 or "::" not in resource) and resource.split(":")[2] != ""
    )


def _sentence(resource: str) -> str | None:
    _, colon, rest = resource.partition(":")
    if not colon:
        return f'Resource {resource} must be in ARN format or "*".'
    partition, colon, rest = rest.partition(":")
    if partition not in _PARTITIONS:
        return f'Partition "{partition}" is not valid for resource "{_completed(partition, rest)}".'
    vendor, _, rest = rest.partition(":")
    if not colon or re.search(r"[*?$]", vendor):
        return "Resource vendor must be fully qualified and cannot contain regexes."
    # What is after the vendor begins with the region: a colon where there is none.
    has_region, path = not rest.startswith(":"), ":".join(rest.split(":")[2:])
    if vendor == "iam":
        return _iam_sentence(resource, has_region, path)
    if vendor == "s3" and has_region and not path.startswith(_REGIONAL_S3):
        return f"Resource {resource} can not contain region information."
    return None


def _iam_sentence(resource: str, has_region: bool, path: str) -> str | None:
    if has_region:
        return f"IAM resource {resource} cannot contain region information."
    if path != "*" and not path.startswith(_IAM_STARTS):
        return f'IAM resource path must either be "*" or start with {_IAM_PATHS}.'
    return None


def _completed(partition: str, rest: str) -> str:
    """The ARN as IAM repeats it: what is missing is `*`."""
    parts = rest.split(":", 3) if rest else []
    return ":".join(["arn", partition, *parts, *["*"] * (4 - len(parts))])
