"""What policies are called, so that people find them: `777788889999 bucket models policy`."""

from __future__ import annotations

_NOUNS = {
    "s3": "bucket",
    "kms": "key",
    "sns": "topic",
    "sqs": "queue",
    "ecr": "repository",
    "lambda": "function",
    "sagemaker": "model-package-group",
    "events": "event-bus",
}


def resource_policy(resource: str, owner: str) -> str:
    """The policy that speaks for a resource, by its ARN: an object's bucket's, a model package's group's, a role's
    trust policy. `owner` is the account that has it."""
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return f"policy of {resource}"
    service, name = parts[2], parts[5]
    if service == "iam":
        return f"{owner} {name} trust"
    if service == "logs":
        return f"{owner} policies of logs in {parts[3]}"
    return f"{owner} {_NOUNS.get(service, service)} {_name(service, name)} policy"


def identity_of(arn: str) -> str:
    """`444455556666 role/x`: how the policies of a role or user begin, by its ARN; what is no ARN, as it is."""
    parts = arn.split(":", 5)
    return f"{parts[4]} {parts[5]}" if len(parts) == 6 else arn


def _name(service: str, name: str) -> str:
    """A topic's name, a repository's with its namespace, a function's without its qualifier, the group of a model
    package."""
    path = name.split("/")
    if service == "s3":
        return path[0]
    if service == "lambda" and ":" in name:
        return name.split(":")[1]
    if service in ("sagemaker", "events") and len(path) > 1:
        return path[1]
    return "/".join(path[1:]) or name
