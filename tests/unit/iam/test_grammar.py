"""Policies that AWS refuses are refused in its words, with the place; what it takes is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.iam.aws_managed_policies import aws_managed_policies_data

from harness.iam.documents import parse
from harness.iam.grammar import KINDS, Malformed, check

CASES = Path(__file__).parents[2] / "cases" / "policies"
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def cases(*names: str) -> list[Any]:
    return [
        pytest.param(case, id=f"{case['kind']}: {case['name']}")
        for name in names
        for case in json.loads((CASES / f"{name}.json").read_text())
    ]


def text_of(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


@pytest.mark.parametrize("case", cases("identity", "conditions", "trust", "with_principals"))
def test_a_malformed_policy_is_refused_in_awss_words_with_the_place(case: Any) -> None:
    with pytest.raises(Malformed) as refused:
        check(text_of(case["document"]), case["kind"])
    assert (refused.value.place, str(refused.value)) == (case["place"], case["message"])


@pytest.mark.parametrize("case", cases("valid"))
def test_what_aws_takes_is_taken(case: Any) -> None:
    assert check(text_of(case["document"]), case["kind"]) == case["document"]


def test_every_managed_policy_of_aws_is_well_formed() -> None:
    policies = json.loads(aws_managed_policies_data)
    assert len(policies) > 1000
    for name, policy in policies.items():
        document = check(json.dumps(policy["Document"]), "managed" if has_version(policy) else "identity")
        assert document["Statement"], name


def has_version(policy: Any) -> bool:
    return policy["Document"].get("Version") == "2012-10-17"


def test_the_place_of_a_single_statement_has_no_number() -> None:
    with pytest.raises(Malformed) as refused:
        check(
            json.dumps({"Version": "2012-10-17", "Statement": {**STATEMENT, "Resource": "models"}}),
            "identity",
        )
    assert refused.value.place == "Statement.Resource"


def test_a_service_may_say_it_in_its_own_words() -> None:
    fault = Malformed("Statement[1]", "there is no Effect", "Syntax errors in policy.")
    assert fault.said("Invalid policy.") == "Invalid policy. (at Statement[1]: there is no Effect)"


def test_what_nests_without_end_is_no_json() -> None:
    with pytest.raises(Malformed, match="invalid JSON"):
        check('{"Statement": ' + "[" * 100_000, "identity")


# Laws

words = st.sampled_from(
    ["", "*", "s3:GetObject", "sts:AssumeRole", "arn:aws:s3:::models/*", "111122223333", "x"]
)
scalars = words | st.booleans() | st.integers(-9, 9) | st.none()
elements = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(words | st.sampled_from(["AWS", "StringEquals", "Null"]), inner, max_size=2)
    ),
    max_leaves=4,
)
BASES = [
    STATEMENT,
    {**STATEMENT, "Principal": {"AWS": "111122223333"}},
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}},
]
changes = st.fixed_dictionaries(
    {},
    optional={
        "Sid": words | elements,
        "Effect": st.sampled_from(["Allow", "Deny", "allow"]),
        "Principal": st.fixed_dictionaries({"AWS": words}) | elements,
        "Action": words | st.lists(words, max_size=2) | elements,
        "Resource": words | st.lists(words, max_size=2) | elements,
        "Condition": st.dictionaries(
            st.sampled_from(["StringEquals", "Bool"]), st.dictionaries(words, elements)
        ),
    },
)
statements = st.builds(lambda base, changed: {**base, **changed}, st.sampled_from(BASES), changes)
documents = st.fixed_dictionaries(
    {"Statement": statements | st.lists(statements, max_size=2) | elements},
    optional={"Version": st.sampled_from(["2012-10-17", "2008-10-17"]), "Id": words | elements},
)


def told(text: str, kind: str) -> str:
    """The fault, or nothing."""
    try:
        check(text, kind)
    except Malformed as fault:
        return str(fault)
    return ""


@given(documents, st.sampled_from(sorted(KINDS)))
def test_white_space_changes_nothing(document: Any, kind: str) -> None:
    assert told(json.dumps(document), kind) == told(json.dumps(document, indent=4), kind)


@given(documents, st.sampled_from(sorted(KINDS)))
def test_what_is_well_formed_can_be_evaluated(document: Any, kind: str) -> None:
    text = json.dumps(document)
    if not told(text, kind):
        assert parse(text).statements


@given(st.text(max_size=30), st.sampled_from(sorted(KINDS)))
def test_no_text_is_more_than_refused(text: str, kind: str) -> None:
    assert told(text, kind)
