"""Whether SageMaker's service quotas leave room for the platform's jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.deploy.model import Finding
from harness.deploy.preflight.calling import BRIEF, REFUSED, words
from harness.model import Json

_SERVICE = "sagemaker"
# "If the applied quota value is not available for a quota, the quota is not retrieved": then the default applies.
_LISTS = ("list_service_quotas", "list_aws_default_service_quotas")


def quotas(account: str, session: Any, wanted: Mapping[str, float]) -> list[Finding]:
    """An error for each quota that is lower than wanted; a warning where Service Quotas does not tell.

    Args:
        account: The account's name.
        session: A session of it; its region is where the jobs run.
        wanted: By the quota's name, as Service Quotas has it (`ml.m5.large for processing job usage`): how many
            instances.
    """
    if not wanted:
        return []
    try:
        found = _found(session.client("service-quotas", config=BRIEF), wanted)
    except REFUSED as error:
        fix = "let it call servicequotas:ListServiceQuotas and servicequotas:ListAWSDefaultServiceQuotas; or go on"
        return [Finding("warning", "quotas", account, f"quotas were not checked: {words(error)}", fix)]
    return [
        finding
        for name, value in wanted.items()
        if (finding := _compared(account, session, name, value, found.get(name)))
    ]


def _found(client: Any, wanted: Mapping[str, float]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for operation in _LISTS:
        for page in client.get_paginator(operation).paginate(ServiceCode=_SERVICE):
            found = {q["QuotaName"]: q for q in page["Quotas"] if q["QuotaName"] in wanted} | found
            if found.keys() == wanted.keys():  # SageMaker has thousands
                return found
    return found


def _compared(account: str, session: Any, name: str, value: float, quota: Json | None) -> Finding | None:
    if quota is None:
        known = f"Service Quotas knows no quota {name!r} of SageMaker in {session.region_name}"
        return Finding(
            "warning", "quotas", account, known, "look whether the name in deployment.json is right"
        )
    if quota["Value"] >= value:
        return None
    problem = f"quota {name!r} is {quota['Value']:g} in {session.region_name}, and {value:g} is needed"
    return Finding("error", "quotas", account, problem, _raise(session, value, quota))


def _raise(session: Any, value: float, quota: Json) -> str:
    if not quota.get("Adjustable", True):
        return "AWS does not raise it: choose another instance type"
    region, profile = session.region_name, session.profile_name
    option = "" if profile == "default" else f" --profile {profile}"  # so boto3 calls it where none is named
    return (
        f"aws service-quotas request-service-quota-increase --service-code {_SERVICE} "
        f"--quota-code {quota['QuotaCode']} --desired-value {value:g} --region {region}{option}, or "
        f"https://{region}.console.aws.amazon.com/servicequotas/home/services/{_SERVICE}/quotas/{quota['QuotaCode']}"
    )
