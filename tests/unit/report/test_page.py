"""What a platform engineer reads on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .page import Node

Shown = Callable[..., Node]
Records = list[dict[str, Any]]

FAILURE = "expected: a mail\ninstead:  none came\nwhy:      rule r could not reach t\n          AccessDenied"


def of_kind(records: Records, kind: str, **fields: Any) -> dict[str, Any]:
    return next(r for r in records if r["kind"] == kind and all(r[k] == v for k, v in fields.items()))


LESSON = {
    "action": "kms:GenerateDataKey",
    "resource": "arn:aws:kms:us-east-1:444455556666:key/1",
    "why": "to encrypt the object under the bucket's key",
    "cause": "because no identity-based policy allows the kms:GenerateDataKey action",
    "policies": [
        {"policy": "role/x inline p", "says": "does not allow", "why": "Use allows it on <b>, not on *"},
        {"policy": "key alias/prod policy", "says": "allows", "why": "Delegate leaves it to the account"},
    ],
    "changes": [
        {"where": "role/x inline p", "what": "add * to the resources of Use", "statement": {"Sid": "<Use>"}},
        {"where": "session s policy 1", "what": "narrow it", "statement": {}},
    ],
}


def denied(records: Records, **fields: Any) -> dict[str, Any]:
    refusal = {"operation": "PutObject", "status": 403, "error": "AccessDenied: no statement allows it"}
    told = {"decision": "denied", "denial": LESSON}
    return {**of_kind(records, "call"), "n": 9999, "time": records[-1]["time"], **refusal, **told, **fields}


def test_a_scenario_that_passed_says_so_on_top(shown: Shown) -> None:
    page = shown()
    assert page.all("header")[0].text.startswith("passed outliers 22 Nov 09:00:11 to 22 Nov 23:01:00 UTC")
    assert not page.all(cls="failure")


def test_a_scenario_that_failed_says_what_was_expected_what_came_instead_and_why(shown: Shown) -> None:
    page = shown(failure=FAILURE)
    assert page.all("header")[0].text.startswith("failed")
    (failure,) = page.all(cls="failure")
    assert failure.text == "expected a mail instead none came why rule r could not reach t AccessDenied"
    parts = [node for node in page.walk() if node is failure or node.attrs.get("id") == "timeline"]
    assert parts[0] is failure


def test_a_failure_in_other_words_is_told_as_it_is(shown: Shown) -> None:
    assert (
        shown(failure="ClientError: no such bucket").all(cls="failure")[0].text
        == "ClientError: no such bucket"
    )


def test_nothing_that_was_not_checked_is_said_to_have_passed(shown: Shown) -> None:
    assert shown(checked=False).all("header")[0].text.startswith("outliers 22 Nov")


def test_a_failed_execution_is_open_and_the_others_are_closed(shown: Shown) -> None:
    executions = shown().all("details", "execution")
    assert [("Failed" in e.all("summary")[0].text, "open" in e.attrs) for e in executions] == [
        (False, False),
        (True, True),
        (False, False),
    ]


def test_a_failed_step_shows_its_reason_its_jobs_log_its_job_and_the_violation_report(shown: Shown) -> None:
    (step,) = [s for s in shown().part("run-2").all("details", "step") if "open" in s.attrs]
    assert "ClientError: Quality check failed. See violation report" in step.text
    assert "CompletedWithViolations: Job completed successfully with 6 violations." in step.all("pre")[0].text
    facts = dict(zip([n.text for n in step.all("dt")], [n.text for n in step.all("dd")], strict=True))
    assert facts["QualityCheck.ViolationReport"].endswith("/constraint_violations.json")
    assert ":processing-job/pipelines-" in facts["QualityCheck.CheckJobArn"]


def test_an_executions_steps_stand_in_the_order_they_began(shown: Shown) -> None:
    steps = [s.all(cls="name")[0].text.split()[0] for s in shown().part("run-3").all("details", "step")]
    assert steps == [
        "Mammo-PreProcessing",
        "Mammo-Train",
        "Mammo-Eval",
        "Mammo-CheckAUCScore",
        "Mammo-DataQualityCheck",
        "Mammo-RegisterModel-RegisterModel",
    ]


def test_an_execution_says_who_or_which_rule_started_it(shown: Shown) -> None:
    started = [e.all(cls="by")[0].text for e in shown().all("details", "execution")]
    assert started == [
        "by rule mammo-severity-inference-schedule",
        "by user administrator",
        "by rule mammo-severity-inference-failed",
    ]


def test_each_execution_shows_the_log_of_its_own_function_call(shown: Shown, records: Records) -> None:
    own = [r["log_tail"][0] for r in records if r["kind"] == "invoke"]
    page = shown()
    assert [page.part(f"run-{n}").all("pre", "log")[0].text for n in (1, 2)] == [
        " ".join(" ".join(r["log_tail"]).split()) for r in records if r["kind"] == "invoke"
    ]
    assert len(set(own)) == 2


def test_two_rules_that_start_one_pipeline_started_an_execution_each(shown: Shown, records: Records) -> None:
    delivery = of_kind(records, "delivery", target=of_kind(records, "delivery")["target"])
    began = of_kind(records, "execution")
    other = {**began, "n": began["n"] + 1, "arn": f"{began['arn']}b"}
    twin = {**delivery, "n": delivery["n"] + 1, "rule": f"{delivery['rule']}-too"}
    at = records.index(delivery)
    page = shown(
        [*records[: records.index(began) + 1], other, *records[records.index(began) + 1 : at + 1], twin]
    )
    assert [row[-1] for row in page.part("events").all("table")[0].rows()] == ["#1", "#2"]


def test_an_execution_that_has_not_ended_is_running(shown: Shown, records: Records) -> None:
    last = max(r["n"] for r in records if r["kind"] == "execution")
    page = shown([r for r in records if r["n"] < last - 20])
    assert page.part("run-3").all("summary")[0].text.endswith("running")


def test_a_delivery_tells_event_rule_target_and_what_came_of_it(shown: Shown) -> None:
    rows = shown().part("events").all("table")[0].rows()
    told = [(event.split("{")[0].strip(), *rest) for _, event, *rest in rows]
    failed = "SageMaker Model Building Pipeline Execution Status Change Failed #2"
    on_failure = "mammo-severity-inference-failed prod"
    assert told == [
        (
            "Scheduled Event",
            "mammo-severity-inference-schedule prod",
            "pipeline mammo-severity-inference-pipeline",
            "delivered",
            "#1",
        ),
        (failed, on_failure, "topic mammography-model-notification", "delivered", "1 mail"),
        (failed, on_failure, "pipeline mammo-severity-train-pipeline", "delivered", "#3"),
    ]


def test_a_delivery_that_failed_says_why(shown: Shown, records: Records) -> None:
    lost = of_kind(records, "delivery", status="delivered")
    lost.update(status="failed", reason="KMSAccessDenied: the key's policy")
    page = shown(records)
    assert "failed KMSAccessDenied: the key's policy" in page.part(f"delivery-{lost['n']}").text
    assert "1 failed" in page.all("ul", "figures")[0].text


def test_a_model_version_tells_who_decided_and_which_executions_registered_and_read_it(shown: Shown) -> None:
    first, second = shown().part("versions").rows()
    assert first[0] == "mammo-severity-model-package/1"
    assert "Approved 22 Nov 09:00:13 by role model-approver-role" in first[2]
    assert first[3:] == ["–", "#1 #2"]
    assert second[3:] == ["#3", "–"]


def test_refused_calls_come_first_with_their_error_whatever_its_status(
    shown: Shown, records: Records
) -> None:
    signature = denied(records, error="SignatureDoesNotMatch: no", decision="not reached", denial={})
    page = shown([*records, denied(records, status=400, error="AccessDeniedException: no"), signature])
    rows = page.part("refusals").rows()
    assert [row[0] for row in rows[:2]] == ["400", "403"]
    assert rows[0][3].startswith("AccessDeniedException: no because no identity-based policy allows")
    assert rows[1][3] == "SignatureDoesNotMatch: no"
    assert {row[0] for row in rows[2:]} <= {"400", "404", "409"}
    assert page.part("refusals").all("h2")[0].text == "Refused calls"
    assert "2 refused" in page.all("ul", "figures")[0].text


def test_a_refused_call_folds_out_to_its_lesson(shown: Shown, records: Records) -> None:
    (lesson,) = shown([*records, denied(records)]).part("refusals").all("details", "lesson")
    assert lesson.all("summary")[0].text == LESSON["cause"]
    assert f"{LESSON['action']} on {LESSON['resource']}, {LESSON['why']}" in lesson.text
    read = [(name.text, said.text) for name, said in zip(lesson.all("dt"), lesson.all("dd"), strict=True)]
    assert read == [
        ("role/x inline p", "does not allow Use allows it on <b>, not on *"),
        ("key alias/prod policy", "allows Delegate leaves it to the account"),
    ]
    assert "role/x inline p: add * to the resources of Use" in lesson.text
    assert [text.text for text in lesson.all("pre")] == ['{ "Sid": "<Use>" }']


def test_calls_that_would_be_denied_are_told_as_such(shown: Shown, records: Records) -> None:
    page = shown([*records, denied(records, status=200, error="", decision="would be denied")])
    assert page.part("refusals").all("h2")[0].text == "Calls that would be denied"
    assert page.part("refusals").rows()[0][3].startswith("would be denied because no identity-based policy")
    assert "1 would be denied" in page.all("ul", "figures")[0].text


def test_a_page_without_denials_says_so(shown: Shown) -> None:
    page = shown()
    assert "none refused" in page.all("ul", "figures")[0].text
    assert page.part("refusals").all("h2")[0].text == "Calls answered with an error"


def test_the_same_refusal_is_told_once_with_its_count(shown: Shown, records: Records) -> None:
    rows = shown([*records, denied(records), denied(records)]).part("refusals").rows()
    assert [row[4] for row in rows if row[0] == "403"] == ["2"]


def test_calls_are_counted_by_principal_and_service(shown: Shown, records: Records) -> None:
    calls = [r for r in records if r["kind"] == "call" and r["principal"] == "sagemaker.amazonaws.com"]
    table = shown(calls).part("calls")
    assert table.rows() == [["sagemaker.amazonaws.com", "prod", str(len(calls))]]
    assert [head.text for head in table.all("th")] == ["principal", "account", "iam"]


@pytest.mark.parametrize("records", [[]])
def test_an_empty_journal_makes_a_page_too(shown: Shown) -> None:
    page = shown()
    assert "The journal is empty." in page.text
    assert not page.all("section")


def test_every_link_leads_to_a_place_on_the_page_and_every_place_is_named_once(shown: Shown) -> None:
    page = shown()
    names = [node.attrs["id"] for node in page.walk() if "id" in node.attrs]
    assert len(names) == len(set(names))
    assert {node.attrs["href"] for node in page.walk() if "href" in node.attrs} <= {
        f"#{name}" for name in names
    }
