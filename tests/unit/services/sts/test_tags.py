"""Session tags, and those that come down a chain of roles."""

from __future__ import annotations

from typing import Any

import pytest


def tags(**pairs: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def test_a_session_has_the_tags_of_its_request(bench: Any) -> None:
    assert bench.session(Tags=tags(Project="Automation", Team="ml")).tags == (
        ("Project", "Automation"),
        ("Team", "ml"),
    )


def test_transitive_tags_go_down_the_whole_chain_and_others_do_not(bench: Any) -> None:
    """The example of the IAM User Guide, "Chaining roles with session tags"."""
    first = bench.becomes(Tags=tags(Star="1", Heart="1", Moon="1"), TransitiveTagKeys=["star", "Heart"])
    assert first.session.transitive == ("Star", "Heart")
    second = bench.becomes(first, Tags=tags(Sun="2"))
    assert second.session.tags == (("Star", "1"), ("Heart", "1"), ("Sun", "2"))
    assert second.session.transitive == ("Star", "Heart")
    assert bench.session(second).tags == (("Star", "1"), ("Heart", "1"))


def test_an_inherited_tag_cannot_be_given_again(bench: Any) -> None:
    first = bench.becomes(Tags=tags(Star="1"), TransitiveTagKeys=["Star"])
    code, message, status = bench.refusal(principal=first, Tags=tags(star="2"))
    assert (code, status) == ("InvalidParameterValue", 400)
    assert message.startswith("One of the specified transitive tag keys can't be set because it conflicts")


@pytest.mark.parametrize(
    ("given", "transitive", "sentence"),
    [
        (tags(a="1", A="2"), [], "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
        (tags(a="1"), ["b"], "The specified transitive tag key must be included in the requested tags."),
        ([], ["b"], "The specified transitive tag key must be included in the requested tags."),
        ([{"Key": "AWS:a", "Value": ""}], [], "Tag keys that begin with aws: are reserved for AWS's use."),
    ],
)
def test_tags_keep_their_rules(bench: Any, given: Any, transitive: list[str], sentence: str) -> None:
    assert bench.refusal(Tags=given, TransitiveTagKeys=transitive) == ("InvalidParameterValue", sentence, 400)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ([{"Key": "k" * 129, "Value": ""}], "tags.1.member.key"),
        ([{"Key": "k", "Value": "v" * 257}], "tags.1.member.value"),
        ([{"Key": "k?", "Value": ""}], "tags.1.member.key"),
        (tags(**{f"k{number}": "" for number in range(51)}), "tags"),
    ],
)
def test_tags_keep_sts_s_limits(bench: Any, given: Any, where: str) -> None:
    code, message, _ = bench.refusal(Tags=given)
    assert code == "ValidationError"
    assert f"at '{where}' failed to satisfy constraint" in message


def test_tags_may_have_any_letters(bench: Any) -> None:
    assert bench.session(Tags=tags(**{"Büro.1": "Zürich / Nord"})).tags == (("Büro.1", "Zürich / Nord"),)


def test_tags_take_their_own_size_of_the_space(bench: Any) -> None:
    """As recorded on AWS: nine tags of 252 characters are 498 %."""
    message = "Packed size of session tags consumes 498% of allotted space."
    given = tags(**{f"T{number}": "a" * 250 for number in range(9)})
    assert bench.refusal(Tags=given) == ("PackedPolicyTooLarge", message, 400)


def test_inherited_tags_take_space_too(bench: Any) -> None:
    answer = bench.assume(Tags=tags(Star="1" * 200), TransitiveTagKeys=["Star"])
    chained = bench.assume(bench.issued(answer).principal)
    assert chained["PackedPolicySize"] == answer["PackedPolicySize"] > 0
