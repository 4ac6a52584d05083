"""A job's lines reach CloudWatch Logs, in batches, and never stand in the job's way."""

from __future__ import annotations

import re
import time

from harness.model import JobResult


def speaking(*lines):
    def job(spec, stop, log):
        for line in lines:
            log(line)
        return JobResult("Completed")

    return job


def test_lines_go_to_the_jobs_stream_in_one_call(bench):
    bench.job = speaking("hello", "", "world")
    bench.create_processing_job("one")
    bench.settle()
    ((stream, lines),) = bench.wire.logs.streams.items()
    assert re.fullmatch(r"one/algo-1-\d{10}", stream)
    assert lines == ["hello", "world"]
    assert bench.wire.logs.groups == {"/aws/sagemaker/ProcessingJobs"}
    assert bench.wire.logs.calls.count("put_log_events") == 1


def test_a_transform_jobs_stream_is_named_after_an_instance(bench):
    bench.job = speaking("hello")
    bench.create_model()
    bench.create_transform_job("one")
    bench.settle()
    assert re.fullmatch(r"one/i-[0-9a-f]{17}-\d{10}", next(iter(bench.wire.logs.streams)))
    assert bench.wire.logs.groups == {"/aws/sagemaker/TransformJobs"}


def test_a_job_without_lines_makes_no_call(bench):
    bench.create_training_job("one")
    bench.settle()
    assert bench.wire.logs.calls == []


def test_the_group_is_made_once_and_the_stream_once_a_job(bench):
    bench.job = speaking("hello")
    for name in ("one", "two"):
        bench.create_processing_job(name)
        bench.settle()
    assert bench.wire.logs.calls.count("create_log_group") == 1
    assert len(bench.wire.logs.streams) == 2


def test_a_job_that_goes_on_is_heard_meanwhile(bench):
    def job(spec, stop, log):
        log("first")
        until = time.monotonic() + 10
        while not bench.wire.logs.calls and time.monotonic() < until:
            time.sleep(0.01)
        heard = list(bench.wire.logs.calls)
        log("last")
        return JobResult("Completed" if heard else "Failed")

    bench.job = job
    bench.create_processing_job("one")
    bench.settle()
    assert bench.call("DescribeProcessingJob", ProcessingJobName="one")["ProcessingJobStatus"] == "Completed"
    assert list(bench.wire.logs.streams.values()) == [["first", "last"]]


def test_a_role_that_may_not_write_logs_does_not_fail_the_job(bench, refusing):
    bench.wire.clients["logs"] = refusing
    bench.job = speaking("hello")
    bench.create_processing_job("one")
    bench.settle()
    assert bench.call("DescribeProcessingJob", ProcessingJobName="one")["ProcessingJobStatus"] == "Completed"


def test_more_lines_than_a_call_takes_are_sent_in_several(bench):
    bench.job = speaking(*(str(i) for i in range(10_001)))
    bench.create_processing_job("one")
    bench.settle()
    ((_, lines),) = bench.wire.logs.streams.items()
    assert lines == [str(i) for i in range(10_001)]
    assert bench.wire.logs.calls.count("put_log_events") >= 2
