"""What a command says: an item a line, for people or programs, and an error in one."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from pipelines import telling
from pipelines.environment import Environment
from pipelines.telling import Item, difference, run

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no,\n really"}}, "PutObject")


@pytest.fixture
def command(account: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command over items in the dev account."""
    monkeypatch.setattr(telling.boto3, "Session", lambda **_: account)

    def called(*items: Item, **options: bool) -> int:
        chosen: Any = SimpleNamespace(
            **{"environment": "dev", "profile": None, "plan": False, "json": False, **options}
        )
        return run(chosen, Environment, lambda *_: items)

    return called


def test_an_item_is_a_line_for_people(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(Item("updated", "pipeline", "train", "-a\n+b"), Item("unchanged", "script", "x.py")) == 0
    assert capsys.readouterr().out == "updated   pipeline  train\nunchanged script    x.py\n"


def test_a_plan_shows_what_differs_and_applies_nothing(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    item = Item("updated", "pipeline", "train", "-a\n+b", lambda: pytest.fail("it was applied"))
    assert command(item, plan=True) == 0
    assert capsys.readouterr().out == "updated   pipeline  train\n    -a\n    +b\n"


def test_an_item_is_a_json_object_for_programs(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    command(Item("updated", "pipeline", "train", "-a\n+b"), Item("unchanged", "script", "x.py"), json=True)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"change": "updated", "kind": "pipeline", "name": "train", "diff": "-a\n+b"},
        {"change": "unchanged", "kind": "script", "name": "x.py"},
    ]


def test_what_was_done_before_a_refusal_is_told_and_the_refusal_is_one_line(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise DENIED

    done = Item("created", "script", "x.py")
    assert command(done, Item("created", "script", "y.py", apply=refuse)) == 1
    said = capsys.readouterr()
    assert said.out == f"{done}\n"
    assert (
        said.err
        == "error: An error occurred (AccessDenied) when calling the PutObject operation: no, really\n"
    )


def test_an_unknown_profile_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    chosen: Any = SimpleNamespace(environment="dev", profile="nobody", plan=True, json=False)
    assert run(chosen, Environment, lambda *_: iter(())) == 1
    assert capsys.readouterr().err == "error: The config profile (nobody) could not be found\n"


def test_items_are_looked_for_only_once_the_account_is_known_to_be_the_right_one(
    account: boto3.Session, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "999999999999")

    def items() -> Iterator[Item]:
        pytest.fail("it was looked")
        yield

    with pytest.raises(ValueError, match="dev is account 111122223333, but the credentials are of"):
        list(telling.carry_out(environment, account, items()))


def test_a_difference_is_the_lines_that_differ_and_three_around_them() -> None:
    before = {letter: {"value": 1} for letter in "abcdefgh"}
    after = {**before, "d": {"value": 2}}
    assert difference(before, after).splitlines() == [
        "@@ -9,7 +9,7 @@",
        '     "value": 1',
        "   },",
        '   "d": {',
        '-    "value": 1',
        '+    "value": 2',
        "   },",
        '   "e": {',
        '     "value": 1',
    ]


def test_the_order_of_keys_is_no_difference() -> None:
    assert difference({"a": 1, "b": 2}, {"b": 2, "a": 1}) == ""
