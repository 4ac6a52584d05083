"""The evaluator keeps AWS's documented rules: the case tables in tests/cases/iam, whose README has the format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.iam.documents import parse
from harness.iam.evaluation import evaluate
from harness.iam.model import Policies, Policy, Request, Verdict
from harness.model import Json, Principal

CASES = Path(__file__).parents[2] / "cases" / "iam"
FILES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(CASES.glob("*.json"))}
OWNER = "111122223333"


def cases(*, expecting: str) -> list[Any]:
    """Each case with its file; the test's id tells file, case and outcome."""
    return [
        pytest.param(file, case, id=f"{stem}: {case['name']} ({'allowed' if case['allowed'] else 'denied'})")
        for stem, file in FILES.items()
        for case in file["cases"]
        if expecting in case
    ]


def principal(given: str | Json) -> Principal:
    """Who an ARN means. A service, or a role with a path, does not show all of it there and is given in full."""
    if isinstance(given, dict):
        return Principal(**given)
    if given == "anonymous":
        return Principal("", "", "anonymous")
    account, name = given.split(":", 5)[4:]
    kind = name.split("/")[0]
    role = f"arn:aws:iam::{account}:role/{name.split('/')[1]}" if kind == "assumed-role" else ""
    return Principal(account, given, kind, role_arn=role)


def request(given: Json) -> Request:
    context = {
        key.lower(): tuple(value) if isinstance(value, list) else value
        for key, value in given.get("context", {}).items()
    }
    return Request(
        principal=principal(given["principal"]),
        action=given["action"],
        resource=given["resource"],
        owner=given.get("owner", OWNER),
        context=context,
        gate=given.get("gate", ""),
    )


def named(name: str, given: Any) -> tuple[Policy, ...]:
    """Policies `NAME1`, `NAME2`, ... of one document or a list of them, each in full or just its statements."""
    documents = given if isinstance(given, list) else [given]
    full = [
        document if "Statement" in document else {"Version": "2012-10-17", "Statement": document}
        for document in documents
    ]
    return tuple(
        Policy(f"{name}{number}", parse(json.dumps(document)))
        for number, document in enumerate(full, start=1)
    )


def policies(given: Json) -> Policies:
    boundary, session = given.get("boundary"), given.get("session")
    return Policies(
        identity=named("identity ", given.get("identity", [])),
        resource=named("resource ", given.get("resource", [])),
        boundary=None if boundary is None else named("boundary ", boundary),
        session=None if session is None else named("session ", session),
        scps=tuple(
            named(f"scp {level}.", documents)
            for level, documents in enumerate(given.get("scps", []), start=1)
        ),
    )


def verdict(file: Json, case: Json) -> Verdict:
    defaults = file.get("defaults", {})
    asked = {**defaults.get("request", {}), **case.get("request", {})}
    said = {**defaults.get("policies", {}), **case.get("policies", {})}
    return evaluate(request(asked), policies(said))


@pytest.mark.parametrize(("file", "case"), cases(expecting="allowed"))
def test_a_request_is_decided_as_aws_documents_it(file: Json, case: Json) -> None:
    assert verdict(file, case).allowed is case["allowed"], file["rules"][case["rule"]]


@pytest.mark.parametrize(("file", "case"), cases(expecting="missing"))
def test_the_sides_that_did_not_allow_are_named(file: Json, case: Json) -> None:
    assert sorted(verdict(file, case).missing) == sorted(case["missing"])


@pytest.mark.parametrize(("file", "case"), cases(expecting="denied_by"))
def test_the_statements_that_deny_are_named(file: Json, case: Json) -> None:
    assert sorted(verdict(file, case).denied_by) == sorted(case["denied_by"])


@pytest.mark.parametrize("stem", FILES)
def test_every_rule_has_a_source_and_is_shown_from_both_sides(stem: str) -> None:
    file = FILES[stem]
    for rule, told in file["rules"].items():
        assert told["says"].endswith("."), rule
        assert told["source"].startswith("https://docs.aws.amazon.com/"), rule
        assert {case["allowed"] for case in file["cases"] if case["rule"] == rule} == {True, False}, rule
    assert {case["rule"] for case in file["cases"]} == set(file["rules"])


@pytest.mark.parametrize("stem", FILES)
def test_a_case_is_known_by_its_name(stem: str) -> None:
    names = [case["name"] for case in FILES[stem]["cases"]]
    assert len(set(names)) == len(names)


def test_the_tables_are_all_there() -> None:
    assert sum(len(file["cases"]) for file in FILES.values()) >= 200
