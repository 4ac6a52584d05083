"""The condition keys of a request: who has which is the table tests/cases/context/callers.json, whose README has the
format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.access.context import Organization, of_call, of_permission
from harness.access.facts import Identity
from harness.model import ApiCall, Permission, Principal, Session

from .needs.world import ANA, AWAY, HOME, REGION

TABLE = json.loads((Path(__file__).parents[2] / "cases" / "context" / "callers.json").read_text())
CALLERS: dict[str, Any] = TABLE["callers"]
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
OURS = Organization("o-example", {HOME: ()})
GET = Permission("s3:GetObject", "arn:aws:s3:::models/m", HOME)


def keys(
    by: Principal = ANA,
    permission: Permission = GET,
    identity: Identity | None = None,
    organization: Organization | None = OURS,
    service: str = "s3",
    region: str = REGION,
) -> Mapping[str, Any]:
    """All condition keys of a call that needs one permission."""
    call = ApiCall(service, "Operation", {}, by, by.account, region, "r-1")
    return {
        **of_call(call, identity, NOW, organization),
        **of_permission(permission, call, organization),
    }


def caller(name: str) -> tuple[Principal, Identity | None]:
    """A caller of the table, and the IAM identity that it has."""
    told = dict(CALLERS[name])
    tags = told.pop("tags", None)
    if "session" in told:
        session = told["session"]
        issued = datetime.fromisoformat(session["issued"])
        told["session"] = Session(
            **{**session, "issued": issued, "tags": tuple(map(tuple, session.get("tags", ())))}
        )
    principal = Principal(**told)
    return principal, Identity(principal.identity_arn, "", tags=tags) if tags else None


@pytest.mark.parametrize("name", CALLERS)
@pytest.mark.parametrize("key", TABLE["keys"])
def test_a_caller_has_the_keys_that_aws_documents(key: str, name: str) -> None:
    principal, identity = caller(name)
    wanted = TABLE["keys"][key]["has"].get(name)
    said = keys(principal, identity=identity).get(key.lower())
    assert said == (tuple(wanted) if isinstance(wanted, list) else wanted)


def test_the_table_names_only_callers_that_it_has() -> None:
    assert {name for told in TABLE["keys"].values() for name in told["has"]} == CALLERS.keys()


@pytest.mark.parametrize("name", CALLERS)
def test_a_caller_has_no_global_key_that_the_table_does_not_know(name: str) -> None:
    principal, identity = caller(name)
    always = {
        "aws:requestedregion",
        "aws:currenttime",
        "aws:epochtime",
        "aws:securetransport",
        "aws:viaawsservice",
        "aws:resourceaccount",
        "aws:resourceorgid",
    }
    assert keys(principal, identity=identity).keys() <= {key.lower() for key in TABLE["keys"]} | always


# The request


def test_every_request_tells_its_time_its_region_and_that_it_is_as_good_as_tls() -> None:
    said = keys()
    assert (said["aws:currenttime"], said["aws:epochtime"]) == ("2026-11-22T09:00:00Z", "1795338000")
    assert (said["aws:requestedregion"], said["aws:securetransport"]) == (REGION, "true")


@pytest.mark.parametrize(("service", "region"), [("iam", "us-east-1"), ("s3", "eu-west-1")])
def test_iams_one_endpoint_is_in_us_east_1(service: str, region: str) -> None:
    assert keys(service=service, region="eu-west-1")["aws:requestedregion"] == region


def test_what_a_caller_does_itself_is_via_no_service() -> None:
    said = keys()
    assert said["aws:viaawsservice"] == "false"


def test_what_a_service_does_for_a_caller_is_via_it() -> None:
    said = keys(permission=Permission("kms:Decrypt", "arn:x", HOME, via="s3"))
    assert said["aws:viaawsservice"] == "true"


# The resource


def test_a_resource_tells_the_account_and_the_organization_that_it_is_in() -> None:
    both = Organization("o-example", {HOME: (), AWAY: ()})
    said = keys(permission=Permission("s3:GetObject", "arn:x", AWAY), organization=both)
    assert (said["aws:resourceaccount"], said["aws:resourceorgid"]) == (AWAY, "o-example")


def test_an_account_outside_has_no_organization() -> None:
    said = keys(permission=Permission("s3:GetObject", "arn:x", AWAY))
    assert "aws:resourceorgid" not in said
    assert "aws:principalorgid" not in keys(Principal(AWAY, f"arn:aws:iam::{AWAY}:user/bo", "user"))


def test_without_an_organization_nobody_and_nothing_is_in_one() -> None:
    for by in (ANA, caller("service")[0]):
        assert not [key for key in keys(by, organization=None) if "org" in key.split(":")[1]]


def test_a_resource_that_nobody_owns_tells_no_account() -> None:
    assert "aws:resourceaccount" not in keys(permission=Permission("s3:ListAllMyBuckets", "*"))


def test_eventbridge_tells_the_key_of_a_topic_nothing_of_its_rule() -> None:
    rule = Principal(HOME, "events.amazonaws.com", "service", source_arn="arn:aws:events:us-east-1:1:rule/r")
    publish, encrypt = (
        Permission("sns:Publish", "arn:x", HOME),
        Permission("kms:Decrypt", "arn:x", HOME, via="sns"),
    )
    assert keys(rule, permission=publish)["aws:sourcearn"] == rule.source_arn
    assert not {"aws:sourcearn", "aws:sourceaccount"} & keys(rule, permission=encrypt).keys()


def test_what_a_permission_knows_comes_first() -> None:
    own = {"s3:prefix": "raw/", "aws:sourcearn": "arn:mine"}
    said = keys(caller("service")[0], Permission("s3:ListBucket", "arn:x", HOME, context=own))
    assert {key: said[key] for key in own} == own
