"""Steps start when what they need has succeeded, and only then; an execution ends when nothing can start any more."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.model import AwsError, Json
from harness.orchestrator.definition import read
from harness.orchestrator.execution import ExecutionSpec, execute

from .cloud import Cloud, client_error
from .conftest import EXECUTION, PIPELINE, Bench
from .words import condition, equals, fail, function, get, join, pipeline, processing

YES, NO = equals(1, 1), equals(1, 2)


def test_a_step_is_starting_then_executing_then_succeeded(bench: Bench) -> None:
    run = bench.run(processing("A"))
    assert run.statuses("A") == ["Starting", "Executing", "Succeeded"]
    assert (run.outcome.status, run.outcome.reason) == ("Succeeded", "")


def test_a_job_s_arn_is_known_while_it_runs(bench: Bench, cloud: Cloud) -> None:
    bench.run(processing("A"))
    executing = [s for s in bench.states if s.status == "Executing"]
    arn = next(iter(cloud.jobs.values())).arn
    assert [s.metadata for s in executing] == [None, {"ProcessingJob": {"Arn": arn}}]
    assert bench.states[-1].metadata == {"ProcessingJob": {"Arn": arn}}


def test_a_step_s_times_are_the_clock_s(bench: Bench, cloud: Cloud) -> None:
    began = cloud.clock.now()
    last = bench.run(processing("A")).last("A")
    assert last.ended is not None
    assert began <= last.started <= last.ended <= cloud.clock.now()


def test_independent_steps_run_at_the_same_time(bench: Bench, cloud: Cloud) -> None:
    gates = [cloud.hold("A"), cloud.hold("B")]
    ended = bench.begin(processing("A"), processing("B"))
    bench.until_job("A")
    bench.until_job("B")
    assert not [s for s in bench.states if s.ended]
    for gate in gates:
        gate.set()
    assert ended().outcome.status == "Succeeded"


def test_a_step_waits_for_what_it_depends_on(bench: Bench, cloud: Cloud) -> None:
    gate = cloud.hold("A")
    ended = bench.begin(processing("B", "A"), processing("A"))
    bench.until_job("A")
    assert "B" not in {s.step.name for s in bench.states}
    gate.set()
    run = ended()
    after = run.last("A").ended
    assert after is not None
    assert run.last("B").started >= after


def test_a_step_waits_for_what_it_refers_to_and_gets_its_value(bench: Bench, cloud: Cloud) -> None:
    uri = get("Steps.A.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri")
    bench.run(processing("B", arguments=[uri]), processing("A", outputs=("test", "train")))
    assert [j.step for j in cloud.jobs.values()] == ["A", "B"]
    second = cloud.requests("CreateProcessingJob")[1]
    assert second["AppSpecification"]["ContainerArguments"] == ["s3://a-sagemaker-bucket/A/train"]


def test_no_more_steps_run_at_once_than_the_execution_allows(bench: Bench, cloud: Cloud) -> None:
    gate = cloud.hold("A")
    ended = bench.begin(processing("A"), processing("B"), processing("C"), most=1)
    bench.until_job("A")
    assert {s.step.name for s in bench.states} == {"A"}
    gate.set()
    assert ended().ran == {"A": "Succeeded", "B": "Succeeded", "C": "Succeeded"}


def test_a_step_that_waits_for_its_turn_has_not_started_yet(bench: Bench) -> None:
    run = bench.run(processing("A"), processing("B"), most=1)
    first, second = (run.last(name) for name in ("A", "B"))
    assert first.ended is not None
    assert second.started >= first.ended


# Branches --------------------------------------------------------------------------------------------------------


def test_only_the_branch_that_is_taken_runs(bench: Bench) -> None:
    run = bench.run(condition("C", [YES], [processing("A")], [processing("B")]))
    assert run.ran == {"C": "Succeeded", "A": "Succeeded"}
    assert run.last("C").metadata == {"Condition": {"Outcome": "True"}}


def test_the_else_branch_runs_where_one_of_several_conditions_does_not_hold(bench: Bench) -> None:
    run = bench.run(condition("C", [YES, NO], [processing("A")], [processing("B")]))
    assert run.ran == {"C": "Succeeded", "B": "Succeeded"}
    assert run.last("C").metadata == {"Condition": {"Outcome": "False"}}


def test_what_needs_a_step_of_a_branch_not_taken_does_not_run(bench: Bench) -> None:
    run = bench.run(
        condition("C", [NO], [processing("A")], []),
        processing("B", "A"),
        processing("D", "B"),
        processing("E"),
    )
    assert run.ran == {"C": "Succeeded", "E": "Succeeded"}
    assert run.outcome.status == "Succeeded"


def test_a_condition_inside_a_branch_not_taken_decides_nothing(bench: Bench) -> None:
    inner = condition("Inner", [YES], [processing("A")], [processing("B")])
    assert bench.run(condition("Outer", [NO], [inner], [])).ran == {"Outer": "Succeeded"}


def test_conditions_nest(bench: Bench) -> None:
    inner = condition("Inner", [NO], [processing("A")], [processing("B")])
    assert set(bench.run(condition("Outer", [YES], [inner], [])).ran) == {"Outer", "Inner", "B"}


def test_a_branch_waits_for_its_condition_and_for_what_it_needs_itself(bench: Bench, cloud: Cloud) -> None:
    gate = cloud.hold("Slow")
    ended = bench.begin(condition("C", [YES], [processing("A", "Slow")], []), processing("Slow"))
    bench.until("C", "Succeeded")
    bench.until_job("Slow")
    assert "A" not in {s.step.name for s in bench.states}
    gate.set()
    assert ended().ran["A"] == "Succeeded"


# Failures --------------------------------------------------------------------------------------------------------


def test_a_failed_step_fails_the_execution(bench: Bench, cloud: Cloud) -> None:
    cloud.ends["A"] = {"Status": "Failed", "FailureReason": "AlgorithmError: See job logs, exit code: 1"}
    run = bench.run(processing("A"))
    assert run.statuses("A") == ["Starting", "Executing", "Failed"]
    assert run.last("A").reason == "ClientError: AlgorithmError: See job logs, exit code: 1"
    assert (run.outcome.status, run.outcome.reason) == (
        "Failed",
        "Step failure: One or multiple steps failed.",
    )


def test_after_a_failure_no_step_starts_but_those_that_run_end(bench: Bench, cloud: Cloud) -> None:
    cloud.ends["A"] = {"Status": "Failed", "FailureReason": "no"}
    gate = cloud.hold("B")
    ended = bench.begin(
        processing("A"), processing("B"), processing("AfterA", "A"), processing("AfterB", "B")
    )
    bench.until("A", "Failed")
    bench.until_job("B")
    gate.set()
    run = ended()
    assert run.ran == {"A": "Failed", "B": "Succeeded"}
    assert run.outcome.status == "Failed"


def test_a_step_whose_job_is_refused_says_which_call_and_why(bench: Bench, cloud: Cloud) -> None:
    cloud.refused["A"] = client_error("CreateProcessingJob", "no such image")
    last = bench.run(processing("A")).last("A")
    assert last.reason == (
        "ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details: no such image"
    )
    assert last.metadata is None or last.metadata == {}


def test_a_job_that_says_no_reason_gives_its_exit_message_or_its_status(bench: Bench, cloud: Cloud) -> None:
    cloud.ends |= {"A": {"Status": "Failed", "ExitMessage": "died"}, "B": {"Status": "Failed"}}
    run = bench.run(processing("A"), processing("B"))
    assert run.last("A").reason == "ClientError: died"
    assert run.last("B").reason == "ClientError: The job was failed"


def test_a_job_that_somebody_else_stopped_fails_its_step(bench: Bench, cloud: Cloud) -> None:
    cloud.ends["A"] = {"Status": "Stopped"}
    run = bench.run(processing("A"))
    assert (run.ran["A"], run.outcome.status) == ("Failed", "Failed")


def test_a_reason_is_cut_at_1024_characters(bench: Bench) -> None:
    assert len(bench.run(fail("F", "x" * 3000)).last("F").reason) == 1024


def test_a_fail_step_gives_its_message_as_its_reason(bench: Bench) -> None:
    message = join(": ", "the condition was", get("Steps.C.Outcome"))
    run = bench.run(condition("C", [NO], [], []), fail("F", message))
    assert run.statuses("F") == ["Starting", "Executing", "Failed"]
    assert run.last("F").reason == "the condition was: false"
    assert run.last("F").metadata == {"Fail": {"ErrorMessage": "the condition was: false"}}


@pytest.mark.parametrize("message", ["", None])
def test_a_fail_step_without_a_message_has_no_reason(bench: Bench, message: Any) -> None:
    last = bench.run(fail("F", message)).last("F")
    assert (last.status, last.reason, last.metadata) == ("Failed", "", {"Fail": {"ErrorMessage": ""}})


def test_a_mistake_of_ours_fails_the_step_and_ends_the_execution(bench: Bench, cloud: Cloud) -> None:
    cloud.client = lambda service: 1 / 0  # type: ignore[method-assign]
    run = bench.run(processing("A"))
    assert run.last("A").reason.startswith("InternalServerError: ZeroDivisionError")
    assert run.outcome.status == "Failed"


def test_an_execution_ends_even_where_nobody_can_be_told(bench: Bench, cloud: Cloud) -> None:
    definition = read(pipeline(processing("A")))
    spec = ExecutionSpec(EXECUTION, PIPELINE, definition, {}, cloud.clock.now())

    def deaf(state: Any) -> None:
        raise OSError("disk full")

    assert execute(spec, lambda: cloud, deaf, cloud.journal, cloud.clock, bench.stop).status == "Failed"


def test_a_role_that_cannot_be_assumed_fails_the_execution_before_any_step(
    bench: Bench, cloud: Cloud
) -> None:
    def refuse() -> Any:
        raise AwsError("AccessDenied", "no such role", 403)

    spec = ExecutionSpec(EXECUTION, PIPELINE, read(pipeline(processing("A"))), {}, cloud.clock.now())
    outcome = execute(spec, refuse, bench.states.append, cloud.journal, cloud.clock, bench.stop)
    assert (outcome.status, outcome.reason) == (
        "Failed",
        "Unable to assume the pipeline's role: no such role",
    )
    assert bench.states == []


# Stopping --------------------------------------------------------------------------------------------------------


def test_a_stop_stops_the_job_that_runs_and_starts_nothing_more(bench: Bench, cloud: Cloud) -> None:
    cloud.hold("A")
    ended = bench.begin(processing("A"), processing("B", "A"))
    bench.until_job("A")
    bench.ask_to_stop()
    run = ended()
    assert run.statuses("A") == ["Starting", "Executing", "Stopping", "Stopped"]
    assert set(run.ran) == {"A"}
    assert run.outcome.status == "Stopped"
    assert len(cloud.requests("Stop")) == 1


def test_a_stop_of_another_execution_stops_nothing_here(bench: Bench, cloud: Cloud) -> None:
    gate = cloud.hold("A")
    ended = bench.begin(processing("A"))
    bench.until_job("A")
    cloud.journal.write("execution", arn=f"{PIPELINE}/execution/another", status="Stopping")
    gate.set()
    assert ended().ran == {"A": "Succeeded"}
    assert cloud.requests("Stop") == []


def test_an_execution_that_was_stopped_before_it_began_runs_no_step(bench: Bench) -> None:
    bench.stop.set()
    run = bench.run(processing("A"))
    assert (run.outcome.status, run.states) == ("Stopped", [])


def test_where_the_job_may_not_be_stopped_it_runs_to_its_end(bench: Bench, cloud: Cloud) -> None:
    cloud.stops_are_refused = True
    gate = cloud.hold("A")
    ended = bench.begin(processing("A"))
    bench.until_job("A")
    bench.ask_to_stop()
    bench.until("A", "Stopping")
    gate.set()
    run = ended()
    assert (run.ran["A"], run.outcome.status) == ("Succeeded", "Stopped")


def test_a_function_that_runs_is_waited_for_and_then_the_execution_is_stopped(
    bench: Bench, cloud: Cloud
) -> None:
    called, go_on = threading.Event(), threading.Event()

    def slow(payload: Json) -> tuple[Json, bool]:
        called.set()
        go_on.wait(10)
        return {}, False

    cloud.function = slow
    ended = bench.begin(function("L"), processing("A", "L"))
    assert called.wait(10)
    bench.ask_to_stop()
    go_on.set()
    run = ended()
    assert (run.ran, run.outcome.status) == ({"L": "Succeeded"}, "Stopped")


# Laws ------------------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, set[str]]:
    """Steps S0..Sn, each needing some of those before it, in any order of writing."""
    size = draw(st.integers(1, 8))
    names = [f"S{n}" for n in range(size)]
    needs = {n: draw(st.sets(st.sampled_from(names[:i]))) if i else set() for i, n in enumerate(names)}
    order = draw(st.permutations(names))
    return {name: needs[name] for name in order}


@settings(max_examples=40, deadline=None)
@given(graphs(), st.integers(1, 4))
def test_no_step_starts_before_what_it_needs_has_ended(graph: dict[str, set[str]], most: int) -> None:
    bench = Bench()
    run = bench.run(*(function(name, *sorted(needs)) for name, needs in graph.items()), most=most)
    order = [(s.step.name, s.status) for s in run.states]
    assert sorted(name for name, status in order if status == "Succeeded") == sorted(graph)
    for name, needs in graph.items():
        started = order.index((name, "Starting"))
        assert all(order.index((needed, "Succeeded")) < started for needed in needs)
    running = 0
    for _, status in order:
        running += {"Starting": 1, "Succeeded": -1}.get(status, 0)
        assert running <= most


@settings(max_examples=25, deadline=None)
@given(graphs(), st.data())
def test_nothing_that_needs_a_failed_step_starts(graph: dict[str, set[str]], data: st.DataObject) -> None:
    broken = data.draw(st.sampled_from(sorted(graph)))
    bench = Bench()
    bench.cloud.function = lambda payload: ({}, payload["me"] == broken)
    run = bench.run(*(function(name, *sorted(needs), me=name) for name, needs in graph.items()))
    assert (run.outcome.status, run.ran[broken]) == ("Failed", "Failed")
    assert not any(broken in graph[name] for name in run.ran)
