"""What the timeline draws: who stands in which lane, what led to what, and how it is called."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from harness.report.collect import collect
from harness.report.picture import Panel, draw
from harness.report.words import about, principal, short, span

Records = list[dict[str, Any]]
DEV, PROD, REGISTRY = "111122223333", "444455556666", "777788889999"


def drawn(records: Records) -> list[Panel]:
    return draw(collect(records), {DEV: "dev", REGISTRY: "registry", PROD: "prod"})


def labels(panels: list[Panel]) -> dict[str, list[str]]:
    """The labels in each lane, from left to right."""
    found: dict[str, list[tuple[int, float, str]]] = {}
    for number, panel in enumerate(panels):
        for shape in panel.shapes:
            box = panel.line.boxes[shape.key]
            lane = next(one for one in panel.line.lanes if one.y <= box.y < one.y + one.height)
            found.setdefault(lane.name, []).append((number, box.x, shape.label))
    return {lane: [label for *_, label in sorted(marks)] for lane, marks in found.items()}


def ends(panel: Panel, tone: str) -> list[tuple[str, str]]:
    """What the arrows of a tone touch, by the boxes in which their paths begin and end."""
    names = {shape.key: shape.label for shape in panel.shapes}

    def at(x: float, y: float) -> str:
        return next(
            names[key]
            for key, box in panel.line.boxes.items()
            if box.x - 1 <= x <= box.right + 1 and (box.y - 1 <= y <= box.bottom + 1)
        )

    return [(at(*_first(one.path)), at(*_last(one.path))) for one in panel.arrows if one.tone == tone]


def _first(path: str) -> tuple[float, float]:
    x, y = path[1:].split("V")[0].split("H")[0].split()
    return float(x), float(y)


def _last(path: str) -> tuple[float, float]:
    """Paths go upright and sideways, with round corners of 6."""
    if "q" not in path:
        return _first(path)[0], float(path.rsplit("V", 1)[1])
    if path.rindex("H") > path.rindex("V"):
        return float(path.rsplit("H", 1)[1]), float(path.split("V")[1].split("q")[0]) + 6
    return float(path.split("H")[1].split("q")[0]) + 6, float(path.rsplit("V", 1)[1])


def test_every_account_has_its_lane_and_lanes_stand_in_the_order_given(records: Records) -> None:
    assert labels(drawn(records)) == {
        REGISTRY: ["v1 pending", "v1 approved", "v2 pending"],
        PROD: [
            "inference-schedule",
            "#1 inference",
            "#2 inference",
            "inference-failed",
            "ml-team",
            "#3 train",
        ],
    }
    assert [lane.name for lane in drawn(records)[-1].line.lanes] == [REGISTRY, PROD]


def test_arrows_lead_from_the_failed_run_to_its_rule_and_on_to_retraining_and_mail(records: Records) -> None:
    led = [pair for panel in drawn(records) for pair in ends(panel, "plain")]
    assert sorted(led) == [
        ("#2 inference", "inference-failed"),
        ("inference-failed", "#3 train"),
        ("inference-failed", "ml-team"),
        ("inference-schedule", "#1 inference"),
    ]


def test_a_dotted_arrow_leads_from_a_run_to_the_version_it_registered(records: Records) -> None:
    assert [pair for panel in drawn(records) for pair in ends(panel, "quiet")] == [("#3 train", "v2 pending")]


def test_a_delivery_that_failed_ends_in_a_mark_of_its_own(records: Records) -> None:
    records = [r for r in records if r["kind"] != "mail"]
    lost = next(r for r in records if r["kind"] == "delivery" and ":sns:" in r["target"])
    lost.update(status="failed", reason="KMSAccessDenied")
    led = [pair for panel in drawn(records) for pair in ends(panel, "bad")]
    assert led == [("inference-failed", "topic mammography-model-notificat…")]


def test_a_refused_call_is_a_mark_in_its_callers_lane(records: Records) -> None:
    call = next(r for r in records if r["kind"] == "call" and r["account"] == DEV)
    call.update(status=403, operation="PutObject", service="s3")
    assert labels(drawn(records))[DEV] == ["s3:PutObject"]


def test_a_call_that_would_be_denied_is_a_mark_that_tells_it(records: Records) -> None:
    call = next(r for r in records if r["kind"] == "call" and r["account"] == DEV)
    lesson = {
        "action": "s3:PutObject",
        "resource": "*",
        "why": "",
        "cause": "because",
        "policies": [],
        "changes": [],
    }
    call.update(status=200, operation="PutObject", service="s3", decision="would be denied", denial=lesson)
    (mark,) = [shape for panel in drawn(records) for shape in panel.shapes if shape.icon == "denied"]
    assert mark.hint == "would be denied: user administrator s3:PutObject: because"
    assert mark.tone == "wait"


def test_the_clock_that_was_moved_is_a_break(records: Records) -> None:
    cuts = [cut for panel in drawn(records) for cut in panel.line.breaks]
    assert [(about(cut.length), cut.jumped) for cut in cuts] == [("14 h", True), ("1 min", True)]


def test_nothing_to_draw_makes_no_line() -> None:
    assert drawn([]) == []


@pytest.mark.parametrize(
    ("seconds", "exact", "rough"),
    [
        (0.0852, "85 ms", "0 s"),
        (1.44, "1.4 s", "1 s"),
        (59.8, "59.8 s", "1 min"),
        (62, "1 min 2 s", "1 min"),
        (50_340, "13 h 59 min", "14 h"),
        (86_400, "1 d", "1 d"),
        (223_261, "2 d 14 h", "3 d"),
    ],
)
def test_lengths_of_time_read_as_people_say_them(seconds: float, exact: str, rough: str) -> None:
    length = timedelta(seconds=seconds)
    assert (span(length), about(length)) == (exact, rough)


def test_names_are_cut_to_what_tells_them_apart() -> None:
    pipelines, rules = {"acme-train-pipeline", "acme-score-pipeline"}, {"acme-score-failed"}
    assert short(pipelines, rules, ends=True) == {
        "acme-train-pipeline": "train",
        "acme-score-pipeline": "score",
    }
    assert short(rules, pipelines) == {"acme-score-failed": "score-failed"}
    assert short({"only-one"}, ends=True) == {"only-one": "only-one"}
    assert short({"a", "a-b"}) == {"a": "a", "a-b": "a-b"}
    assert short(()) == {}


def test_a_roles_sessions_are_one_principal() -> None:
    session = "arn:aws:sts::111122223333:assumed-role/trainer/{}"
    assert principal(session.format("one")) == principal(session.format("two")) == "role trainer"
    assert principal("events.amazonaws.com") == "events.amazonaws.com"
    assert principal("arn:aws:iam::111122223333:root") == "root"
