"""What a deployment says: to people, to programs, to a pull request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.deploy.model import Change, Finding
from harness.deploy.telling import Telling
from harness.model import HarnessError

PIPELINE = Change("dev", "updated", "pipeline", "train", '-  "0.8"\n+  "0.9"')
ROLE = Change("prod", "created", "aws_iam_role", 'module.a["x"].aws_iam_role.this')
SAME = Change("dev", "unchanged", "file", "a.csv")
TERRAFORM = '  + resource "aws_iam_role" "this" {\n      + name = "r"\n    }'
BAD = Finding("error", "identity", "prod", "the credentials are of 111122223333", "name another profile")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "plan.md"


def written(tell: Telling, page: Path) -> str:
    tell.write(page)
    return page.read_text(encoding="utf-8")


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# To people


def test_each_change_is_a_line_and_what_is_unchanged_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    tell = Telling()
    tell.heading("pipelines")
    tell.changes("pipelines", [PIPELINE, SAME, SAME])
    tell.changes("foundations", [ROLE])
    tell.end("local", well=True)
    assert capsys.readouterr().out.splitlines() == [
        "",
        "pipelines",
        "  ~ dev: pipeline train: updated",
        "    dev: 2 unchanged",
        '  + prod: module.a["x"].aws_iam_role.this: created',
        "",
        "✓ local: done: 1 updated, 1 created",
    ]


def test_differences_are_shown_in_a_plan_only(capsys: pytest.CaptureFixture[str]) -> None:
    Telling().changes("pipelines", [PIPELINE])
    assert '"0.9"' not in capsys.readouterr().out
    Telling(plan=True).changes("pipelines", [PIPELINE])
    assert capsys.readouterr().out.splitlines()[1:] == ['      -  "0.8"', '      +  "0.9"']


def test_terraforms_own_words_stand_for_the_differences_of_all_its_resources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Telling(plan=True).changes("foundations", [ROLE], TERRAFORM)
    assert capsys.readouterr().out.splitlines()[1:] == [f"      {line}" for line in TERRAFORM.splitlines()]


def test_a_finding_is_told_with_its_account_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    Telling().finding(BAD)
    assert capsys.readouterr().out.splitlines() == [
        "  error: prod: the credentials are of 111122223333",
        "    fix: name another profile",
    ]


def test_what_looks_like_markup_is_told_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Telling().line("[bold]arn:aws:s3:::a/[x]")
    assert capsys.readouterr().out == "  [bold]arn:aws:s3:::a/[x]\n"


# The last words


@pytest.mark.parametrize(
    ("plan", "changes", "says"),
    [
        (False, [], "nothing to change: everything is as it should be"),
        (False, [SAME], "nothing to change: everything is as it should be"),
        (True, [SAME], "nothing to change: everything is as it should be"),
        (False, [ROLE, ROLE, PIPELINE, SAME], "done: 2 created, 1 updated"),
        (True, [ROLE, ROLE, PIPELINE, SAME], "a deployment would change this: 2 created, 1 updated"),
    ],
)
def test_the_last_words_count_what_was_done_or_would_be(plan: bool, changes: list[Change], says: str) -> None:
    tell = Telling(as_json=True, plan=plan)
    tell.changes("s", changes)
    assert tell.summary() == says


@pytest.mark.parametrize(
    ("plan", "changes", "says"),
    [
        (False, [], "nothing was changed"),
        (False, [SAME], "nothing was changed"),
        (True, [ROLE], "nothing was changed"),
        (False, [ROLE], "it broke off; do it again when mended"),
    ],
)
def test_where_it_did_not_go_well_the_last_words_say_whether_anything_was_changed(
    plan: bool, changes: list[Change], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell = Telling(plan=plan)
    tell.changes("s", changes)
    tell.end("aws", well=False)
    assert capsys.readouterr().out.splitlines()[-1] == f"✗ aws: {says}"


# To programs


def test_a_program_gets_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell = Telling(as_json=True)
    tell.heading("pipelines")
    tell.finding(BAD)
    tell.line("prod 444455556666", style="dim")
    tell.changes("pipelines", [PIPELINE, SAME])
    tell.end("local", well=True)
    assert objects(capsys) == [
        {
            "finding": {
                "level": "error",
                "check": "identity",
                "account": "prod",
                "problem": "the credentials are of 111122223333",
                "fix": "name another profile",
            }
        },
        {"said": "prod 444455556666"},
        {
            "stage": "pipelines",
            "place": "dev",
            "action": "updated",
            "kind": "pipeline",
            "name": "train",
            "diff": PIPELINE.diff,
        },
        {
            "stage": "pipelines",
            "place": "dev",
            "action": "unchanged",
            "kind": "file",
            "name": "a.csv",
            "diff": "",
        },
        {
            "target": "local",
            "ok": True,
            "summary": "done: 1 updated",
            "counts": {"updated": 1, "unchanged": 1},
        },
    ]


def test_a_program_gets_terraforms_words_of_a_plan_too(capsys: pytest.CaptureFixture[str]) -> None:
    Telling(as_json=True, plan=True).changes("foundations", [ROLE], TERRAFORM)
    assert objects(capsys)[-1] == {"stage": "foundations", "place": "prod", "diff": TERRAFORM}


# To a pull request


def test_a_page_has_the_plan_with_differences_to_unfold(page: Path) -> None:
    tell = Telling(as_json=True, plan=True)
    tell.heading("pipelines")
    tell.changes("pipelines", [PIPELINE])
    tell.end("aws", well=True)
    assert written(tell, page).splitlines() == [
        "## Deployment to aws: a deployment would change this: 1 updated",
        "",
        "### pipelines",
        "",
        "<details><summary>dev</summary>",
        "",
        "````diff",
        '-  "0.8"',
        '+  "0.9"',
        "````",
        "",
        "</details>",
    ]


def test_a_page_has_what_was_found_what_costs_money_and_what_went_wrong(page: Path) -> None:
    tell = Telling(as_json=True, plan=True)
    tell.finding(BAD)
    tell.line("costs money: 1 x KMS key", style="yellow")
    tell.line("dev: Error: no such thing\n\n  on main.tf line 1", style="red")
    tell.line("dev: no changes", style="dim")
    tell.end("aws", well=False)
    assert written(tell, page).splitlines() == [
        "## Deployment to aws: nothing was changed",
        "- **error** (identity): the credentials are of 111122223333. name another profile",
        "- costs money: 1 x KMS key",
        "",
        "````",
        "dev: Error: no such thing",
        "",
        "  on main.tf line 1",
        "````",
    ]


def test_a_difference_with_a_code_block_in_it_does_not_end_its_own(page: Path) -> None:
    tell = Telling(as_json=True, plan=True)
    tell.changes("scripts", [Change("dev", "updated", "script", "a.py", ' """\n+```\n+x\n+```\n """')])
    lines = written(tell, page).splitlines()
    assert [line for line in lines if line.startswith("````")] == ["````diff", "````"]


@pytest.mark.parametrize("spare", [0, 1])
def test_a_page_that_fits_into_a_comment_is_whole(page: Path, spare: int) -> None:
    tell = Telling(page=["€" * (65_535 - spare)])
    assert len(written(tell, page)) == 65_536 - spare


@pytest.mark.parametrize("lines", [600, 3_000])
def test_a_page_that_is_longer_is_cut_at_its_end_and_says_so(page: Path, lines: int) -> None:
    tell = Telling(as_json=True, plan=True)
    for place in ("dev", "prod", "registry"):
        diff = "\n".join(f"+ line {n} of {place} — {'x' * 20}" for n in range(lines))
        tell.changes("foundations", [Change(place, "updated", "aws_iam_role", "aws_iam_role.r")], diff)
    tell.end("aws", well=True)
    text = written(tell, page)
    assert 65_000 < len(text) <= 65_536
    assert text.startswith("## Deployment to aws: a deployment would change this: 3 updated\n")
    *_, last = text.splitlines()
    assert last.startswith("**The rest is left out: a comment on GitHub may have 65,536 characters.")


@pytest.mark.parametrize("length", range(65_300, 65_420, 7))
def test_wherever_a_page_is_cut_what_was_begun_is_ended(page: Path, length: int) -> None:
    tell = Telling(as_json=True, plan=True, page=["x" * length])
    tell.changes("pipelines", [PIPELINE])
    tell.line("an error\nof lines", style="red")
    tell.changes("pipelines", [PIPELINE] * 50)
    text = written(tell, page)
    assert len(text) <= 65_536
    assert sum(line.startswith("````") for line in text.splitlines()) % 2 == 0
    assert text.count("<details>") == text.count("</details>")
    assert text.rfind("</details>") < text.rfind("**The rest is left out")


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"plan\.md cannot be written: No such file or directory"):
        Telling().write(tmp_path / "nowhere" / "plan.md")
