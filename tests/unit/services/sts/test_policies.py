"""Session policies: the request's own, and managed ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
LIST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]}
LISTING = "arn:aws:iam::111111111111:policy/listing"


def wide(actions: int) -> str:
    """A policy with so many actions, all different."""
    named = [f"s3:{number:04x}{number * 7919 % 65536:04x}" for number in range(actions)]
    statement = {"Effect": "Allow", "Action": named, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def test_a_session_has_the_policy_of_its_request(bench: Any) -> None:
    text = json.dumps(READ)
    assert bench.session(Policy=text).policies == (text,)


def test_managed_policies_are_read_in_the_role_s_account(bench: Any) -> None:
    bench.iam.policies[LISTING] = LIST
    text = json.dumps(READ)
    policies = bench.session(Policy=text, PolicyArns=[{"arn": LISTING}]).policies
    assert [json.loads(policy) for policy in policies] == [READ, LIST]
    assert set(bench.asked) == {"111111111111"}


def test_session_policies_do_not_go_down_a_chain_of_roles(bench: Any) -> None:
    first = bench.becomes(Policy=json.dumps(READ))
    assert bench.session(first).policies is None


def test_the_answer_tells_how_much_of_the_space_is_taken(bench: Any) -> None:
    few, more = (bench.assume(Policy=wide(actions))["PackedPolicySize"] for actions in (2, 20))
    assert 0 < few < more <= 100
    assert "PackedPolicySize" not in bench.assume()


def test_a_policy_that_takes_too_much_space_is_refused(bench: Any) -> None:
    code, message, status = bench.refusal(Policy=wide(120))
    assert (code, status) == ("PackedPolicyTooLarge", 400)
    assert message.startswith("Packed policy consumes ")
    assert message.endswith("% of allotted space, please use smaller policy.")


def test_a_policy_has_at_most_2048_characters(bench: Any) -> None:
    code, message, _ = bench.refusal(Policy=wide(160))
    assert code == "ValidationError"
    assert message.endswith(
        "at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048"
    )


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({**READ, "Statement": [{"Effect": "Allow"}]})])
def test_a_policy_that_is_none_is_refused(bench: Any, text: str) -> None:
    assert bench.refusal(Policy=text)[::2] == ("MalformedPolicyDocument", 400)


def test_a_managed_policy_that_is_not_there_is_refused(bench: Any) -> None:
    code, message, _ = bench.refusal(PolicyArns=[{"arn": LISTING}])
    assert (code, message) == ("ValidationError", f"Policy {LISTING} does not exist or is not attachable.")


def test_ten_managed_policies_are_the_most(bench: Any) -> None:
    bench.iam.policies |= {f"{LISTING}{number}": LIST for number in range(11)}
    arns = [{"arn": arn} for arn in bench.iam.policies]
    assert len(bench.session(PolicyArns=arns[:10]).policies) == 10
    code, message, _ = bench.refusal(PolicyArns=arns)
    assert code == "ValidationError"
    assert message.endswith("Member must have length less than or equal to 10")
