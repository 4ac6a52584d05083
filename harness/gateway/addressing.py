"""What a request does not say by its signature: an unsigned one's service, and whose resource a call is on."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from harness.access.needs.sqs import address
from harness.model import HttpRequest, Json

_UNSIGNED = {
    "ConfirmSubscription": "sns",
    "Unsubscribe": "sns",
    "AssumeRoleWithSAML": "sts",
    "AssumeRoleWithWebIdentity": "sts",
}


def service_unsigned(request: HttpRequest) -> str:
    """AWS's links in mails are not signed, nor are calls with an identity provider's token; all else unsigned is
    S3's."""
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    asked = dict(parse_qsl(request.body.decode("latin-1") if is_form else request.query))
    return _UNSIGNED.get(asked.get("Action", ""), "s3")


def owner(service: str, params: Json) -> str:
    """The account whose resource a call is on, where it says so by ARN, a queue's URL, a registry's id. Empty: the
    caller's own."""
    return _OWNERS[service](params) if service in _OWNERS else ""


def _by_arn(service: str, *names: str) -> Callable[[Json], str]:
    arn = re.compile(rf"arn:aws:{service}:[a-z0-9-]+:(\d{{12}}):.+")

    def owner(params: Json) -> str:
        given = (arn.fullmatch(str(params.get(name))) for name in names)
        return next((found[1] for found in given if found), "")

    return owner


def _of_queue(params: Json) -> str:
    if params.get("QueueUrl"):
        return address(str(params["QueueUrl"]))[0]
    return str(params.get("QueueOwnerAWSAccountId") or _of_moved(params))


def _of_repository(params: Json) -> str:
    return str(params.get("registryId") or _tagged(params))


_of_moved = _by_arn("sqs", "SourceArn")
_tagged = _by_arn("ecr", "resourceArn")
_OWNERS: dict[str, Callable[[Json], str]] = {
    "ecr": _of_repository,
    "kms": _by_arn("kms", "KeyId"),
    "logs": _by_arn("logs", "logGroupIdentifier", "logGroupArn", "resourceArn"),
    "sns": _by_arn("sns", "TopicArn", "TargetArn", "SubscriptionArn", "ResourceArn"),
    "sqs": _of_queue,
}
