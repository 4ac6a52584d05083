"""CloudWatch: logs and metrics."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conformance.workbench import run
from tests.e2e.account import Account
from tests.e2e.callers import Callers, own_name, refused


@pytest.fixture
def logs(callers: Callers) -> Any:
    return callers.admin("logs")


@pytest.fixture
def group(logs: Any) -> str:
    name = f"/conformance/{own_name('group')}"
    logs.create_log_group(logGroupName=name)
    return name


def put(callers: Callers, group: str, stream: str, *lines: str) -> None:
    logs = callers.admin("logs")
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(callers.stack.client.now().timestamp() * 1000)
    events = [{"timestamp": now + n, "message": line} for n, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def test_a_stream_is_read_as_it_was_written(callers: Callers, logs: Any, group: str) -> None:
    """A log stream is listed, and its lines are read in the order they were written in"""
    put(callers, group, "build/1", "one", "two")
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="build/")["logStreams"]
    assert stream["logStreamName"] == "build/1"
    told = logs.get_log_events(logGroupName=group, logStreamName="build/1", startFromHead=True)["events"]
    assert [event["message"] for event in told] == ["one", "two"]


def test_a_group_is_searched(callers: Callers, logs: Any, group: str) -> None:
    """A log group's lines are found across its streams"""
    put(callers, group, "build/1", "passed", "failed: one")
    put(callers, group, "build/2", "failed: two")
    found = logs.get_paginator("filter_log_events").paginate(logGroupName=group, filterPattern="failed")
    assert {event["message"] for page in found for event in page["events"]} == {"failed: one", "failed: two"}


def test_a_groups_retention(logs: Any, group: str) -> None:
    """A log group has the retention that is put, and is gone once it is deleted"""
    logs.put_retention_policy(logGroupName=group, retentionInDays=30)
    (told,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert told["retentionInDays"] == 30
    logs.delete_log_group(logGroupName=group)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] == []
    assert refused(logs.describe_log_streams, logGroupName=group)[0] == "ResourceNotFoundException"


def test_a_jobs_lines(dev: Account) -> None:
    """What a job prints, on either of its outputs, is in its stream of the jobs' log group"""
    script = "import sys; print('to stdout'); print('to stderr', file=sys.stderr)"
    told = run(dev, script)
    lines = dev.logged("/aws/sagemaker/ProcessingJobs", f"{told['ProcessingJobName']}/algo-1").splitlines()
    assert sorted(lines) == ["to stderr", "to stdout"]


def test_a_metric(callers: Callers) -> None:
    """A metric's values are counted by its dimensions"""
    cloudwatch, now, name = callers.admin("cloudwatch"), callers.stack.client.now(), own_name("batch")
    batch = [{"Name": "Batch", "Value": name}]
    for value in (1, 2):
        datum = {"MetricName": "Violations", "Dimensions": batch, "Timestamp": now, "Value": value}
        cloudwatch.put_metric_data(Namespace="Conformance", MetricData=[datum])
    points = cloudwatch.get_metric_statistics(
        Namespace="Conformance",
        MetricName="Violations",
        Dimensions=batch,
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    assert (sum(p["Sum"] for p in points), sum(p["SampleCount"] for p in points)) == (3, 2)
