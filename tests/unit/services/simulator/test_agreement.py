"""Without policies of resources the simulator says of a call what becomes of it, given all that the call's context has.

The two come to it by different ways: one decision of all policies, and one for each kind of them, put together.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.access import context
from harness.access.context import Organization
from harness.access.decide import Decider
from harness.access.facts import Identity
from harness.access.needs import needs
from harness.clock import Clock
from harness.model import ApiCall, Permission, Principal
from tests.unit.access.needs.world import HOME, REGION, WORLD
from tests.unit.services.simulator.bench import People, asked, policy

BOB = Principal(HOME, f"arn:aws:iam::{HOME}:user/bob", "user", "AIDABOB")
CALLS = {
    "GetObject": {"Bucket": "plain", "Key": "a.csv"},
    "PutObject": {"Bucket": "plain", "Key": "in/b.csv"},
    "ListObjectsV2": {"Bucket": "plain", "Prefix": "in/"},
    "ListBuckets": {},
}

STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
        "Action": st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "s3:List*", "s3:PutObject"]),
        "Resource": st.sampled_from(
            [
                "*",
                "arn:aws:s3:::plain",
                "arn:aws:s3:::plain/*",
                "arn:aws:s3:::plain/in/*",
                "arn:aws:s3:::other/*",
            ]
        ),
    },
    optional={
        "Condition": st.sampled_from(
            [
                {"StringEquals": {"aws:username": "bob"}},
                {"StringLike": {"s3:prefix": "in/*"}},
                {"Bool": {"aws:SecureTransport": "true"}},
                {"Null": {"aws:PrincipalTag/Team": "false"}},
                {"StringNotEquals": {"aws:RequestedRegion": REGION}},
            ]
        )
    },
)
POLICIES = st.lists(STATEMENTS, min_size=1, max_size=3).map(lambda statements: policy(*statements))
IDENTITIES = st.builds(
    Identity,
    st.just(BOB.arn),
    st.just("AIDABOB"),
    inline=st.lists(POLICIES, max_size=2).map(lambda texts: tuple((f"p{n}", t) for n, t in enumerate(texts))),
    boundary=st.none() | st.tuples(st.just(f"arn:aws:iam::{HOME}:policy/edge"), POLICIES),
    tags=st.sampled_from([{}, {"Team": "ml"}]),
)
LEVELS = st.none() | st.lists(POLICIES, min_size=1, max_size=2).map(
    lambda texts: Organization("o-1", {HOME: tuple(((f"level {n}", t),) for n, t in enumerate(texts))})
)


@settings(max_examples=150, deadline=None)
@given(operation=st.sampled_from(sorted(CALLS)), bob=IDENTITIES, organization=LEVELS)
def test_the_simulator_and_a_real_call_agree(
    operation: str, bob: Identity, organization: Organization | None
) -> None:
    facts = People(buckets=WORLD.buckets, objects=WORLD.objects, known={bob.arn: bob})
    clock = Clock()
    call = ApiCall("s3", operation, CALLS[operation], BOB, HOME, REGION, "id")
    real = Decider(facts, clock, organization=organization).decide(call)
    known = context.of_call(call, bob, clock.now(), organization)

    def simulated(permission: Permission) -> str:
        (result,) = asked(
            "SimulatePrincipalPolicy",
            facts,
            organization,
            PolicySourceArn=bob.arn,
            ActionNames=[permission.action],
            ResourceArns=[permission.resource],
            ContextEntries=entries({**known, **context.of_permission(permission, call, organization)}),
        )["EvaluationResults"]
        return str(result["EvalDecision"])

    assert real.allowed == all(simulated(permission) == "allowed" for permission in needs(call, facts))


def entries(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "ContextKeyName": key,
            "ContextKeyValues": [value] if isinstance(value, str) else list(value),
            "ContextKeyType": "string" if isinstance(value, str) else "stringList",
        }
        for key, value in values.items()
        if value
    ]
