"""Laws of policy evaluation, whatever the policies."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as some

from harness.iam import matching
from harness.iam.conditions import holds
from harness.iam.documents import Condition, parse
from harness.iam.evaluation import evaluate
from harness.iam.model import Policies, Policy, Request, Verdict
from tests.unit.iam import worlds

DENY_ALL = {"Effect": "Deny", "Action": "*", "Resource": "*"}

# Of each family of operators: the positive, the negated (if any), and values to compare, policy's and request's.
FAMILIES = (
    ("StringEquals", "StringNotEquals", ("a", "b")),
    ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", ("a", "A", "b")),
    ("StringLike", "StringNotLike", ("a", "b", "a*", "?")),
    ("NumericEquals", "NumericNotEquals", ("1", "1.0", "2")),
    ("DateEquals", "DateNotEquals", ("2026-01-01T00:00:00Z", "2026-01-01", "1767225600", "2027")),
    ("IpAddress", "NotIpAddress", ("10.0.0.1", "10.0.0.0/8", "2001:db8::1", "11.0.0.1")),
    ("ArnLike", "ArnNotLike", ("arn:aws:s3:::a", "arn:aws:s3:::*", "arn:aws:iam::*:role/a")),
    ("ArnEquals", "ArnNotEquals", ("arn:aws:s3:::a", "arn:aws:s3:::*")),
)
ONE_WAY = (
    ("NumericLessThan", ("1", "2")),
    ("NumericGreaterThanEquals", ("1", "2")),
    ("DateLessThanEquals", ("2026", "2027-05")),
    ("DateGreaterThan", ("2026", "2027-05")),
    ("Bool", ("true", "false")),
    ("BinaryEquals", ("YQ==", "Yg==")),
)
OPERATORS = [*((name, family[2]) for family in FAMILIES for name in family[:2]), *ONE_WAY]


def comparisons() -> some.SearchStrategy[tuple[str, str, list[str], tuple[str, ...]]]:
    """A positive operator, its negation, values of the policy, values of the request."""
    return some.sampled_from(FAMILIES).flatmap(
        lambda family: some.tuples(
            some.just(family[0]),
            some.just(family[1]),
            some.lists(some.sampled_from(family[2]), min_size=1, max_size=2),
            some.lists(some.sampled_from(family[2]), max_size=2).map(tuple),
        )
    )


def says(operator: str, wanted: list[str], context: dict[str, str | tuple[str, ...]]) -> bool:
    return holds(Condition(operator, "aws:Key", tuple(wanted)), context)


def answer(verdict: Verdict) -> tuple[object, ...]:
    """A verdict without the order of what it names."""
    sides = sorted((side.name, sorted(side.by)) for side in verdict.sides)
    return verdict.allowed, sides, sorted(verdict.denied_by), sorted(verdict.missing)


@given(worlds.requests, worlds.worlds())
def test_a_request_is_allowed_unless_something_denies_or_is_missing(
    request: Request, policies: Policies
) -> None:
    verdict = evaluate(request, policies)
    assert verdict.allowed == (not verdict.denied_by and not verdict.missing)


@given(
    worlds.requests,
    worlds.worlds(),
    some.sampled_from(["identity", "resource", "boundary", "session", "scps"]),
)
def test_a_deny_always_wins(request: Request, policies: Policies, kind: str) -> None:
    subject = kind == "resource" or request.principal.kind not in ("service", "anonymous")
    assume(subject)
    deny = worlds.policy("no", {**DENY_ALL, "Principal": "*"} if kind == "resource" else DENY_ALL)
    added = ((deny,),) if kind == "scps" else (deny,)
    denying = replace(policies, **{kind: (getattr(policies, kind) or ()) + added})
    verdict = evaluate(request, denying)
    assert not verdict.allowed
    assert "no#1" in verdict.denied_by


@given(worlds.requests, worlds.worlds())
def test_without_denials_nothing_more_is_denied(request: Request, policies: Policies) -> None:
    lenient = evaluate(request, worlds.without(policies, lambda _, allows: not allows))
    assert lenient.allowed >= evaluate(request, policies).allowed
    assert not lenient.denied_by


@given(worlds.requests, worlds.worlds(), some.data())
def test_removing_an_allow_never_allows_more(
    request: Request, policies: Policies, data: some.DataObject
) -> None:
    before = evaluate(request, policies)
    speaking = sorted({ref for side in before.sides for ref in side.by})
    assume(speaking)
    removed = data.draw(some.sampled_from(speaking))
    after = evaluate(request, worlds.without(policies, lambda ref, allows: allows and ref == removed))
    assert after.allowed <= before.allowed


@given(worlds.requests, worlds.worlds(), some.integers())
def test_the_order_of_statements_and_policies_never_matters(
    request: Request, policies: Policies, seed: int
) -> None:
    random = Random(seed)

    def shuffled(one: Policy) -> Policy:
        listed = one.document.statements
        return replace(
            one, document=replace(one.document, statements=tuple(random.sample(listed, len(listed))))
        )

    mixed = worlds.changed(policies, shuffled)
    mixed = replace(
        mixed, identity=mixed.identity[::-1], resource=mixed.resource[::-1], scps=mixed.scps[::-1]
    )
    assert answer(evaluate(request, mixed)) == answer(evaluate(request, policies))


@given(worlds.requests, worlds.worlds(), worlds.policies_of("limit"))
def test_a_boundary_or_another_level_of_scps_never_allows_more(
    request: Request, policies: Policies, limit: tuple[Policy, ...]
) -> None:
    free = evaluate(request, replace(policies, boundary=None)).allowed
    assert evaluate(request, replace(policies, boundary=limit)).allowed <= free
    before = evaluate(request, policies).allowed
    assert evaluate(request, replace(policies, scps=(*policies.scps, limit))).allowed <= before


@given(worlds.requests, worlds.worlds(), worlds.policies_of("limit"))
def test_session_policies_never_allow_more(
    request: Request, policies: Policies, limit: tuple[Policy, ...]
) -> None:
    # A federated user is the exception: without a session policy it has no permissions of its own.
    assume(request.principal.kind != "federated-user")
    free = evaluate(request, replace(policies, session=None)).allowed
    assert evaluate(request, replace(policies, session=limit)).allowed <= free


@given(worlds.requests, worlds.generous_worlds())
def test_an_allowed_request_is_denied_once_a_side_has_lost_all_its_statements(
    request: Request, policies: Policies
) -> None:
    verdict = evaluate(request, policies)
    assume(verdict.allowed)
    for side in verdict.sides:
        assert not evaluate(
            request, worlds.without(policies, lambda ref, _, lost=side.by: ref in lost)
        ).allowed


@given(worlds.requests, worlds.generous_worlds(), some.data())
def test_one_statement_a_side_is_enough(request: Request, policies: Policies, data: some.DataObject) -> None:
    verdict = evaluate(request, policies)
    assume(verdict.allowed)
    kept = {data.draw(some.sampled_from(side.by)) for side in verdict.sides}
    bare = worlds.without(policies, lambda ref, allows: allows and ref not in kept)
    assert evaluate(request, bare).allowed


@given(worlds.requests, worlds.generous_worlds())
def test_a_statement_is_needed_exactly_where_it_is_the_only_one_of_a_side(
    request: Request, policies: Policies
) -> None:
    verdict = evaluate(request, policies)
    assume(verdict.allowed)
    for ref in {ref for side in verdict.sides for ref in side.by}:
        needed = any(side.by == (ref,) for side in verdict.sides)
        pruned = worlds.without(policies, lambda each, _, ref=ref: each == ref)
        assert evaluate(request, pruned).allowed == (not needed)


@given(worlds.requests, worlds.worlds())
def test_an_actions_case_never_matters(request: Request, policies: Policies) -> None:
    assert evaluate(replace(request, action=request.action.upper()), policies) == evaluate(request, policies)


@given(worlds.requests, some.lists(worlds.statements(), min_size=1, max_size=3))
def test_a_value_means_the_same_as_a_list_of_it(request: Request, listed: list[dict[str, object]]) -> None:
    lists = [
        {k: v if isinstance(v, list | dict) or k == "Effect" else [v] for k, v in s.items()} for s in listed
    ]
    one = Policies(identity=(worlds.policy("p", *listed),))
    other = Policies(identity=(worlds.policy("p", *lists),))
    assert evaluate(request, one) == evaluate(request, other)


@given(worlds.requests, worlds.statements())
def test_a_not_action_takes_in_exactly_what_the_action_leaves_out(
    request: Request, statement: dict[str, object]
) -> None:
    opposite = {**statement, "NotAction": statement["Action"]}
    del opposite["Action"]
    for allowed in (statement, opposite):
        allowed["Effect"] = "Allow"
        allowed["Resource"] = "*"
        allowed.pop("Condition", None)
    own = replace(request, principal=worlds.USER, owner=worlds.HOME, gate="")
    one, other = (
        evaluate(own, Policies(identity=(worlds.policy("p", each),))) for each in (statement, opposite)
    )
    assert one.allowed != other.allowed


@given(comparisons())
def test_a_negated_operator_is_the_opposite_of_its_positive(
    comparison: tuple[str, str, list[str], tuple[str, ...]],
) -> None:
    positive, negated, wanted, values = comparison
    context = {"aws:key": values} if values else {}
    assert says(negated, wanted, context) != says(positive, wanted, context)


@given(comparisons())
def test_all_values_differ_exactly_where_not_any_is_equal(
    comparison: tuple[str, str, list[str], tuple[str, ...]],
) -> None:
    positive, negated, wanted, values = comparison
    context = {"aws:key": values}
    assert says(f"ForAllValues:{negated}", wanted, context) != says(
        f"ForAnyValue:{positive}", wanted, context
    )


@given(some.sampled_from(["", "ForAllValues:", "ForAnyValue:"]), some.sampled_from(OPERATORS), some.data())
def test_if_exists_is_the_operator_where_the_key_exists_and_else_holds(
    quantifier: str, operator: tuple[str, tuple[str, ...]], data: some.DataObject
) -> None:
    name, values = quantifier + operator[0], some.sampled_from(operator[1])
    wanted = data.draw(some.lists(values, min_size=1))
    context: dict[str, str | tuple[str, ...]] = {"aws:key": data.draw(values)}
    assert says(f"{name}IfExists", wanted, context) == says(name, wanted, context)
    assert says(f"{name}IfExists", wanted, {})


@given(some.text(alphabet="ab*?${}:/"))
def test_an_escaped_text_matches_itself_alone(text: str) -> None:
    match = matching.glob(matching.escape(text))
    assert match(text)
    assert not match(text + "a")
    assert matching.unescape(matching.escape(text)) == text


@given(some.text(alphabet="ab:/\n", min_size=1), some.data())
def test_wildcards_stand_for_what_they_replace(text: str, data: some.DataObject) -> None:
    start = data.draw(some.integers(0, len(text) - 1))
    end = data.draw(some.integers(start, len(text)))
    assert matching.glob(f"{text[:start]}*{text[end:]}")(text)
    assert matching.glob(f"{text[:start]}?{text[start + 1 :]}")(text)
    assert not matching.glob(f"{text}?")(text)


@given(some.lists(worlds.statements(of_resource=True), min_size=1, max_size=3))
def test_a_document_keeps_its_statements_in_order(listed: list[dict[str, object]]) -> None:
    document = parse(json.dumps({"Statement": listed}))
    assert [statement.source for statement in document.statements] == listed
    assert [statement.label for statement in document.statements] == [
        str(n) for n in range(1, len(listed) + 1)
    ]
