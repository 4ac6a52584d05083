"""Whether a call may go on: the permissions it needs against the policies that there are, in each mode."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.access.context import Organization
from harness.access.decide import INTERNAL, Decider, Mode
from harness.access.facts import Bucket, Identity, StoredObject
from harness.clock import Clock
from harness.model import ApiCall, AwsError, Decision, Principal

from .cloud import ROLE, Cloud, allow, call, deny, document, key, peopled, session
from .needs.world import AWAY, HOME, REGION

OWN = f"{HOME} role/worker inline own"
FULL_ACCESS = document(allow("*", "*", Sid="All"))
START = datetime(2026, 11, 22, 9, tzinfo=UTC)
NOBODY = Principal("", "anonymous", "anonymous")
HARNESS = Principal(HOME, "harness", "harness")
EVENTS = Principal(
    HOME, "events.amazonaws.com", "service", source_arn=f"arn:aws:events:{REGION}:{HOME}:rule/r"
)
MODES: tuple[Mode, ...] = ("enforce", "audit", "off")
KEY = key("1234", document(allow("kms:*", "*", Sid="Delegate", Principal={"AWS": HOME})))


def worker(*statements: dict[str, Any], **more: Any) -> Cloud:
    """A role `worker` with an inline policy `own` of these statements; the buckets `plain` and, encrypted, `locked`."""
    own = (("own", document(*statements)),) if statements else ()
    buckets = {
        "plain": Bucket("plain", HOME),
        "locked": Bucket("locked", HOME, key=KEY.arn),
        "public": Bucket("public", HOME, document(allow("s3:GetObject", "*", Principal="*", Sid="All"))),
    }
    objects = {(bucket, "m", ""): StoredObject(HOME) for bucket in ("plain", "public")}
    return peopled(Identity(ROLE, "AROA1", inline=own), keys=(KEY,), buckets=buckets, objects=objects, **more)


def decide(
    asked: ApiCall,
    *statements: dict[str, Any],
    mode: Mode = "enforce",
    without: tuple[str, ...] = (),
    organization: Organization | None = None,
    **more: Any,
) -> Decision:
    decider = Decider(worker(*statements, **more), Clock(START), mode, organization)
    decider.without = frozenset(without)
    return decider.decide(asked)


def get(bucket: str = "plain", by: Principal | None = None) -> ApiCall:
    return call(by or session(), "s3", "GetObject", Bucket=bucket, Key="m")


def put(bucket: str) -> ApiCall:
    return call(session(), "s3", "PutObject", Bucket=bucket, Key="m")


READ = allow("s3:GetObject", "arn:aws:s3:::plain/*", Sid="Read")
WRITE = allow("s3:PutObject", "*", Sid="Write")


# Enforced


def test_an_allowed_call_tells_what_it_used_and_which_statements_allowed_that() -> None:
    assert decide(get(), READ, allow("s3:*", "*")) == Decision(
        True,
        "allowed",
        used=(
            {
                "action": "s3:GetObject",
                "resource": "arn:aws:s3:::plain/m",
                "conditions": {},
                "by": [[f"{OWN}#Read", f"{OWN}#2"]],
            },
        ),
    )


def test_a_denied_call_gets_awss_error_and_teaches_its_lesson() -> None:
    decision = decide(get(), WRITE)
    assert (decision.allowed, decision.reason, decision.used) == (False, "denied", ())
    assert decision.error
    assert (decision.error.code, decision.error.status) == ("AccessDenied", 403)
    assert decision.error.message == (
        f"User: {session().arn} is not authorized to perform: s3:GetObject on resource: "
        '"arn:aws:s3:::plain/m" because no identity-based policy allows the s3:GetObject action'
    )
    assert (decision.denial["call"], decision.denial["account"]) == ("s3:GetObject", HOME)
    assert [read["policy"] for read in decision.denial["policies"]] == [OWN]


def test_an_explicit_deny_wins() -> None:
    decision = decide(get(), READ, deny("s3:GetObject", "*", Sid="Never"))
    assert decision.error
    assert decision.error.message.endswith("with an explicit deny in an identity-based policy")


def test_a_role_that_is_gone_has_no_permissions_any_more() -> None:
    decision = decide(get(by=session(f"arn:aws:iam::{HOME}:role/gone")), READ)
    assert decision.reason == "denied"


def test_a_call_that_needs_no_permission_is_allowed_to_everybody() -> None:
    assert decide(call(session(), "sts", "GetCallerIdentity")) == Decision(True, "allowed")


# Several permissions


def test_of_several_that_are_missing_the_first_is_told() -> None:
    decision = decide(put("locked"))
    assert (decision.denial["action"], decision.denial["why"]) == ("s3:PutObject", "")


def test_a_permission_behind_the_calls_own_is_told_with_why_it_is_needed() -> None:
    decision = decide(put("locked"), WRITE)
    assert decision.denial["call"] == "s3:PutObject"
    assert decision.denial["action"] == "kms:GenerateDataKey"
    assert decision.denial["why"].startswith("to encrypt")
    assert decision.error
    assert decision.error.code == "AccessDenied"


def test_what_was_allowed_before_the_first_that_is_missing_is_told_as_used() -> None:
    assert [used["action"] for used in decide(put("locked"), WRITE).used] == ["s3:PutObject"]


def test_every_side_that_had_to_allow_is_told_with_its_statements() -> None:
    own, key_use = decide(put("locked"), WRITE, allow("kms:GenerateDataKey", KEY.arn, Sid="UseKey")).used
    assert own["by"] == [[f"{OWN}#Write"]]
    assert key_use["by"] == [[f"{HOME} key 1234 policy#Delegate"], [f"{OWN}#UseKey"]]
    assert key_use["conditions"] == {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}


def test_whom_a_role_is_passed_to_is_told_with_its_use() -> None:
    passing = [allow("sagemaker:CreateProcessingJob", "*"), allow("iam:PassRole", ROLE, Sid="Pass")]
    asked = call(session(), "sagemaker", "CreateProcessingJob", ProcessingJobName="prep", RoleArn=ROLE)
    by_action = {used["action"]: used for used in decide(asked, *passing).used}
    assert by_action["iam:PassRole"]["conditions"] == {"iam:PassedToService": "sagemaker.amazonaws.com"}


# Who calls


def test_anonymous_callers_have_what_a_resource_gives_to_all() -> None:
    decision = decide(get("public", NOBODY))
    assert decision.reason == "allowed"
    assert decision.used[0]["by"] == [[f"{HOME} bucket public policy#All"]]


def test_anonymous_callers_have_nothing_else_and_are_told_nothing() -> None:
    decision = decide(get("plain", NOBODY))
    assert decision.error
    assert (decision.error.code, decision.error.message) == ("AccessDenied", "Access Denied")


TOPIC = f"arn:aws:sns:{REGION}:{HOME}:alarms"


@pytest.mark.parametrize(("service", "reason"), [("events", "allowed"), ("scheduler", "denied")])
def test_a_service_has_what_a_resource_gives_it(service: str, reason: str) -> None:
    letting_in = allow("sns:Publish", TOPIC, Principal={"Service": f"{service}.amazonaws.com"})
    asked = call(EVENTS, "sns", "Publish", TopicArn=TOPIC)
    assert decide(asked, policies={TOPIC: document(letting_in)}).reason == reason


@pytest.mark.parametrize(("source", "reason"), [(EVENTS.source_arn, "allowed"), ("arn:aws:x", "denied")])
def test_a_service_acts_for_a_resource(source: str, reason: str) -> None:
    letting_in = allow(
        "sns:Publish",
        TOPIC,
        Principal={"Service": "events.amazonaws.com"},
        Condition={"ArnEquals": {"aws:SourceArn": source}},
    )
    asked = call(EVENTS, "sns", "Publish", TopicArn=TOPIC)
    assert decide(asked, policies={TOPIC: document(letting_in)}).reason == reason


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", ["GetRole", "GetAccessKeyLastUsed"])
def test_the_harness_itself_asks_nobody(mode: Mode, operation: str) -> None:
    assert decide(call(HARNESS, "iam", operation), mode=mode) is INTERNAL


def test_another_accounts_resource_takes_both_accounts() -> None:
    shared = allow("s3:GetObject", "arn:aws:s3:::theirs/*", Principal={"AWS": HOME}, Sid="Share")
    theirs = {"theirs": Bucket("theirs", AWAY, document(shared))}
    objects = {("theirs", "m", ""): StoredObject(AWAY)}
    everything = Identity(ROLE, "AROA1", inline=(("own", FULL_ACCESS),))
    cloud = peopled(everything, buckets=theirs, objects=objects)
    used = Decider(cloud, Clock(START)).decide(get("theirs")).used
    assert used[0]["by"] == [[f"{AWAY} bucket theirs policy#Share"], [f"{OWN}#All"]]


# The modes


def test_an_audit_lets_pass_and_teaches_the_same_lesson() -> None:
    enforced, audited = (decide(put("locked"), WRITE, mode=mode) for mode in ("enforce", "audit"))
    assert (audited.allowed, audited.reason, audited.error) == (True, "would be denied", None)
    assert (audited.denial, audited.used) == (enforced.denial, enforced.used)


def test_in_an_audit_what_is_allowed_is_simply_allowed() -> None:
    assert decide(get(), READ, mode="audit") == decide(get(), READ)


def test_switched_off_nothing_is_decided() -> None:
    assert decide(get(), mode="off") == Decision(True, "not enforced")


UNCOVERED = call(session(), "iam", "GetAccessKeyLastUsed", AccessKeyId="AKIA1")


def test_what_nobody_knows_the_permissions_of_is_not_waved_through() -> None:
    with pytest.raises(
        AwsError, match="does not know which permissions iam:GetAccessKeyLastUsed needs"
    ) as raised:
        decide(UNCOVERED, allow("*", "*"))
    assert (raised.value.code, raised.value.status) == ("UnsupportedOperation", 501)


@pytest.mark.parametrize(("mode", "reason"), [("audit", "not known"), ("off", "not enforced")])
def test_where_nothing_is_enforced_such_calls_pass(mode: Mode, reason: str) -> None:
    assert decide(UNCOVERED, mode=mode) == Decision(True, reason)


# What the decision depends on


def test_a_statement_that_is_left_out_allows_nothing() -> None:
    assert decide(get(), READ, without=(f"{OWN}#Read",)).reason == "denied"


def test_a_statement_that_is_left_out_denies_nothing() -> None:
    never = deny("s3:GetObject", "*", Sid="Never")
    assert decide(get(), READ, never, without=(f"{OWN}#Never",)).reason == "allowed"


@pytest.mark.parametrize(("service", "reason"), [("s3", "denied"), ("sqs", "allowed")])
def test_an_organizations_policy_binds_its_accounts(service: str, reason: str) -> None:
    level = (("scp", document(allow("*", "*"), deny(f"{service}:*", "*"))),)
    organization = Organization("o-example", {HOME: (level,)})
    assert decide(get(), READ, organization=organization).reason == reason


def test_a_policy_of_the_future_allows_once_it_is_time() -> None:
    clock = Clock(START)
    later = {"DateGreaterThan": {"aws:CurrentTime": "2026-11-22T12:00:00Z"}}
    decider = Decider(worker(allow("s3:*", "*", Condition=later)), clock)
    assert decider.decide(get()).reason == "denied"
    clock.advance_to(START + timedelta(hours=4))
    assert decider.decide(get()).reason == "allowed"


def test_a_change_of_a_policy_is_in_force_at_once() -> None:
    people: dict[str, Identity] = {}
    decider = Decider(replace(worker(), people=people), Clock(START))
    said = []
    for statement in (READ, WRITE, READ):
        people[ROLE] = Identity(ROLE, "AROA1", inline=(("own", document(statement)),))
        said.append(decider.decide(get()).reason)
    assert said == ["allowed", "denied", "allowed"]
