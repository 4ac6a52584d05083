from __future__ import annotations

from typing import Any

from harness.explanation import explain
from harness.model import Json

ARN = "arn:aws:sagemaker:us-east-1:1:processing-job/pipelines-x-Crash"
STEP = {"StepName": "Crash", "FailureReason": "exit code: 1", "Metadata": {"ProcessingJob": {"Arn": ARN}}}


def job(arn: str = ARN, status: str = "Failed") -> Json:
    return {"kind": "job", "arn": arn, "status": status, "reason": "exit code: 1", "log_tail": ["one", "two"]}


def event(status: str = "Failed", **more: Any) -> Json:
    detail = {
        "currentPipelineExecutionStatus": status,
        "pipelineArn": "arn:aws:sagemaker:us-east-1:1:pipeline/p",
    }
    kind = "SageMaker Model Building Pipeline Execution Status Change"
    return {
        "kind": "event",
        "event": {"id": "e", "detail-type": kind, "account": "1", "detail": detail, **more},
    }


def delivery(status: str) -> Json:
    return {
        "kind": "delivery",
        "status": status,
        "event": "e",
        "rule": "r",
        "target": "t",
        "reason": "no such t",
    }


def test_nothing_is_explained_by_nothing() -> None:
    assert explain([]) == []


def test_the_failed_step_comes_first_with_the_last_lines_of_its_own_job_alone() -> None:
    told = explain([job("arn:aws:sagemaker:us-east-1:1:processing-job/another"), job()], STEP)
    assert told == [
        "step Crash failed: exit code: 1",
        "job pipelines-x-Crash: exit code: 1",
        "    one",
        "    two",
    ]


def test_the_job_of_a_check_is_found_by_its_own_name_in_the_metadata() -> None:
    step = {"StepName": "Check", "Metadata": {"QualityCheck": {"CheckJobArn": ARN}}}
    assert explain([job()], step)[1] == "job pipelines-x-Crash: exit code: 1"


def test_a_check_that_failed_on_violations_shows_its_job_though_that_completed() -> None:
    step = {"StepName": "Check", "Metadata": {"QualityCheck": {"CheckJobArn": ARN}}}
    told = explain([{**job(status="Completed"), "reason": ""}], step)
    assert told[1:] == ["job pipelines-x-Crash: Completed", "    one", "    two"]


def test_without_a_step_every_failed_job_is_told_and_no_other() -> None:
    assert explain([job(), job(status="Completed")]) == [
        "job pipelines-x-Crash: exit code: 1",
        "    one",
        "    two",
    ]


def test_a_function_that_failed_is_told() -> None:
    ran = {"kind": "invoke", "function": "f", "status": "Failed", "reason": "no version"}
    assert explain([ran, {**ran, "status": "Succeeded"}]) == ["function f: no version"]


def denied(decision: str = "denied", **more: Any) -> Json:
    lesson = {
        "principal": "user/me",
        "role": "",
        "account": "1",
        "call": "s3:GetObject",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::data/a",
        "why": "",
        "cause": "because no identity-based policy allows the s3:GetObject action",
        "policies": [
            {
                "policy": "1 user/me inline p",
                "kind": "identity",
                "says": "does not allow",
                "why": "it allows nothing of s3",
            }
        ],
        "changes": [{"where": "1 user/me inline policy", "what": "let it do s3:GetObject", "statement": {}}],
    }
    return {
        "kind": "call",
        "time": "2026-11-23T09:00:05+00:00",
        "status": 403,
        "decision": decision,
        "denial": {**lesson, **more},
    }


LESSON = [
    "    because no identity-based policy allows the s3:GetObject action",
    "    read: inline p: does not allow: it allows nothing of s3",
    "    change: a new inline policy of user/me: let it do s3:GetObject",
]


def test_a_denial_is_told_with_its_lesson_and_other_errors_are_not() -> None:
    wrong_signature = {"kind": "call", "status": 403, "decision": "not reached", "denial": {}}
    assert explain([denied(), wrong_signature]) == [
        "denied: 1 user/me s3:GetObject on arn:aws:s3:::data/a (2026-11-23 09:00:05)",
        *LESSON,
    ]


def test_what_was_let_pass_and_would_be_denied_is_told_too() -> None:
    assert explain([{**denied("would be denied"), "status": 200}])[0].startswith(
        "would be denied: 1 user/me "
    )


def test_the_same_denial_is_told_once_with_its_count() -> None:
    told = explain([denied(), denied(), denied(action="s3:ListBucket"), denied()])
    assert [line for line in told if not line.startswith(" ")] == [
        "denied: 1 user/me s3:GetObject on arn:aws:s3:::data/a (3 times since 2026-11-23 09:00:05)",
        "denied: 1 user/me s3:ListBucket on arn:aws:s3:::data/a (2026-11-23 09:00:05)",
    ]


def test_denials_come_right_after_the_step_that_failed_for_they_explain_it() -> None:
    told = explain([job(), denied()], STEP)
    assert told[:2] == [
        "step Crash failed: exit code: 1",
        "denied: 1 user/me s3:GetObject on arn:aws:s3:::data/a (2026-11-23 09:00:05)",
    ]
    assert told[-3:] == ["job pipelines-x-Crash: exit code: 1", "    one", "    two"]


def test_a_lost_event_is_told() -> None:
    assert explain([event(), delivery("failed")]) == ["rule r could not reach t: no such t"]


def test_an_execution_that_failed_and_that_no_rule_cared_about_is_told() -> None:
    assert explain([event()]) == ["event: p Failed, in 1: it matched no rule there"]


def test_what_was_delivered_or_did_not_fail_or_is_no_execution_explains_nothing() -> None:
    scheduled = {"kind": "event", "event": {"id": "s", "detail-type": "Scheduled Event", "detail": {}}}
    assert explain([event(), delivery("delivered"), scheduled]) == []
    assert explain([event("Succeeded")]) == []
