"""Whose credentials a profile has: nothing is done before each is known to be of the account that is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore import exceptions as aws

from harness.deploy.model import Finding
from harness.deploy.preflight.calling import BRIEF, REFUSED, code, words

_Wrong = tuple[str, str]

# What botocore raises before AWS answers: the problem and its fix. `{who}` is `profile x` or the environment,
# `{option}` is ` --profile x` or nothing, `{error}` what botocore says. The first that fits is told.
_RAISED: tuple[tuple[tuple[type[Exception], ...], _Wrong], ...] = (
    (
        (aws.ProfileNotFound,),
        (
            "there is no {who} in ~/.aws/config or ~/.aws/credentials",
            "make it with `aws configure sso{option}` or `aws configure{option}`",
        ),
    ),
    (
        (aws.NoCredentialsError, aws.NoAuthTokenError),
        (
            "{who} has no credentials",
            "give it some with `aws configure sso{option}` or `aws configure{option}`",
        ),
    ),
    (
        (aws.PartialCredentialsError,),
        (
            "{who} has only half of its credentials: {error}",
            "complete it with `aws configure{option}`",
        ),
    ),
    (
        (aws.SSOError, aws.TokenRetrievalError),
        (
            "{who} is not logged in to IAM Identity Center, or its session has expired: {error}",
            "log in with `aws sso login{option}`",
        ),
    ),
    (
        (aws.LoginError,),
        ("{who} is not logged in, or its session has expired: {error}", "log in with `aws login{option}`"),
    ),
    (
        (aws.HTTPClientError, aws.ConnectionError),
        (
            "AWS STS cannot be reached: {error}",
            "look whether this machine reaches the network, HTTPS_PROXY is right and AWS_ENDPOINT_URL is meant",
        ),
    ),
    (
        (aws.BotoCoreError,),
        (
            "{who} cannot be used: {error}",
            "correct it in ~/.aws/config; `aws sts get-caller-identity{option}`",
        ),
    ),
)

# The same by AWS's error codes.
_EXPIRED = (
    "the credentials of {who} have expired",
    "get new ones: `aws sso login{option}`, or however you came by the old ones",
)
_ANSWERED: dict[str, _Wrong] = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": (
        "AWS takes what {who} signed for too old",
        "set this machine's clock right",
    ),
    "InvalidClientTokenId": (
        "AWS does not know the access key of {who}: it was deleted or is inactive, or its session token is missing",
        "put in an active one with `aws configure{option}`",
    ),
    "SignatureDoesNotMatch": (
        "the secret access key of {who} does not belong to its access key, or this machine's clock is wrong",
        "put in both again with `aws configure{option}`",
    ),
    "AccessDenied": (
        "{who} may not assume its role: {error}",
        "look at its role_arn and source_profile in ~/.aws/config: the source's policies must allow sts:AssumeRole "
        "on the role, and the role's trust policy the source",
    ),
}


@dataclass(frozen=True)
class Caller:
    """Whom AWS takes a profile for.

    Attributes:
        account: The account's name: `prod`.
        profile: The profile; empty for the environment's credentials.
        account_id: The account's 12 digits.
        arn: The user's, the root user's or the role session's ARN.
    """

    account: str
    profile: str
    account_id: str
    arn: str


def identity(
    account: str, account_id: str, profile: str, session_factory: Callable[[str], Any]
) -> Caller | Finding:
    """Whom AWS takes a profile for, by GetCallerIdentity, which needs no permission; what is wrong where it fails,
    or where that is not of the account.

    Args:
        account: The account's name, which its file in `infra/environments/` has.
        account_id: What that file says.
        profile: An AWS profile; empty for the environment's credentials.
        session_factory: The boto3 session of a profile; see `calling.session`.
    """
    try:
        sts = session_factory(profile).client("sts", config=BRIEF)
        answer = sts.get_caller_identity()
    except REFUSED as error:
        return Finding("error", "identity", account, *_told(error, profile))
    if answer["Account"] != account_id:
        return _of_another(account, account_id, profile, answer)
    return Caller(account, profile, answer["Account"], answer["Arn"])


def _of_another(account: str, account_id: str, profile: str, answer: dict[str, str]) -> Finding:
    file = f"infra/environments/{account}.tfvars.json"
    return Finding(
        "error",
        "identity",
        account,
        f"{_who(profile)} is of account {answer['Account']} ({answer['Arn']}), but {file} says {account_id}",
        f"use credentials of {account_id}, or correct account_id in {file} and wherever else it is named",
    )


def _told(error: Exception, profile: str) -> _Wrong:
    """The problem and its fix, in words."""
    problem, fix = _wrong(error)
    values = {
        "who": _who(profile),
        "option": f" --profile {profile}" if profile else "",
        "error": words(error),
    }
    return problem.format(**values), fix.format(**values)


def _wrong(error: Exception) -> _Wrong:
    for types, wrong in _RAISED:
        if isinstance(error, types):
            return wrong
    return _ANSWERED.get(
        code(error), ("{who} cannot be used: {error}", "see what `aws sts get-caller-identity{option}` says")
    )


def _who(profile: str) -> str:
    return f"profile {profile}" if profile else "the environment"
