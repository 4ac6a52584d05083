"""A build's log in CloudWatch Logs: the limits are those of PutLogEvents; the group is in moto."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from harness.deploy.build_log import publish
from harness.log_events import MAX_BYTES, MAX_EVENTS, OVERHEAD
from harness.model import HarnessError, Json

GROUP, STREAM = "jenkins-log", "jenkins-promotion-main-7"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        session.client("logs").create_log_group(logGroupName=GROUP)
        yield session


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "build.log"


def published(session: boto3.Session) -> list[Json]:
    pages = session.client("logs").get_paginator("filter_log_events")
    return [event for page in pages.paginate(logGroupName=GROUP) for event in page["events"]]


def messages(session: boto3.Session) -> list[str]:
    return [event["message"] for event in published(session)]


def batches(file: Path, session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> list[list[Json]]:
    """What each PutLogEvents is given."""
    logs, given = session.client("logs"), []
    put = logs.put_log_events
    monkeypatch.setattr(
        logs, "put_log_events", lambda **call: (given.append(call["logEvents"]), put(**call))[1]
    )
    monkeypatch.setattr(session, "client", lambda name: logs)
    publish(file, GROUP, STREAM, session)
    return given


def size(batch: list[Json]) -> int:
    return sum(len(event["message"].encode()) + OVERHEAD for event in batch)


def test_every_line_arrives_in_its_order(file: Path, session: boto3.Session) -> None:
    file.write_text("+ make setup\nsetting up\n+ make regression\n")
    assert publish(file, GROUP, STREAM, session) == 3
    assert messages(session) == ["+ make setup", "setting up", "+ make regression"]


def test_no_two_lines_have_the_same_time(file: Path, session: boto3.Session) -> None:
    file.write_text("a\n" * 50)
    publish(file, GROUP, STREAM, session)
    times = [event["timestamp"] for event in published(session)]
    assert times == sorted(set(times))


def test_an_empty_line_becomes_a_space(file: Path, session: boto3.Session) -> None:
    file.write_text("before\n\nafter\n")
    publish(file, GROUP, STREAM, session)
    assert messages(session) == ["before", " ", "after"]


def test_an_empty_log_makes_an_empty_stream(file: Path, session: boto3.Session) -> None:
    file.touch()
    assert publish(file, GROUP, STREAM, session) == 0
    streams = session.client("logs").describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == [STREAM]


def test_a_second_log_follows_the_first_in_its_stream(file: Path, session: boto3.Session) -> None:
    file.write_text("first\n")
    publish(file, GROUP, STREAM, session)
    file.write_text("second\n")
    publish(file, GROUP, STREAM, session)
    assert messages(session) == ["first", "second"]


def test_bytes_that_are_no_text_are_replaced(file: Path, session: boto3.Session) -> None:
    file.write_bytes(b"ok \xff\n")
    publish(file, GROUP, STREAM, session)
    assert messages(session) == ["ok �"]


def test_a_batch_has_at_most_ten_thousand_events(
    file: Path, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("line\n" * (MAX_EVENTS + 1))
    assert [len(batch) for batch in batches(file, session, monkeypatch)] == [MAX_EVENTS, 1]


def test_a_batch_has_at_most_a_megabyte_with_26_bytes_for_each_event(
    file: Path, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = "x" * (MAX_BYTES // 4 - OVERHEAD)
    file.write_text(f"{full}\n" * 5)
    given = batches(file, session, monkeypatch)
    assert [len(batch) for batch in given] == [4, 1]
    assert size(given[0]) == MAX_BYTES


def test_a_line_longer_than_an_event_may_be_is_cut_between_characters(
    file: Path, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "é" * MAX_BYTES
    file.write_text(f"{line}\nshort\n", encoding="utf-8")
    given = batches(file, session, monkeypatch)
    sent = [event["message"] for batch in given for event in batch]
    assert "".join(sent[:-1]) == line
    assert sent[-1] == "short"
    assert all(size(batch) <= MAX_BYTES for batch in given)


def test_a_missing_group_is_named(file: Path, session: boto3.Session) -> None:
    file.write_text("line\n")
    with pytest.raises(HarnessError, match="there is no log group no-such-log in us-east-1 of this account"):
        publish(file, "no-such-log", STREAM, session)


def test_a_missing_file_is_named(file: Path, session: boto3.Session) -> None:
    with pytest.raises(HarnessError, match=r"build\.log cannot be read: No such file or directory"):
        publish(file, GROUP, STREAM, session)


def test_a_refusal_is_told_in_awss_words(
    file: Path, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("line\n")
    logs = session.client("logs")
    monkeypatch.setattr(session, "client", lambda name: logs)
    with Stubber(logs) as stub:
        stub.add_client_error("create_log_stream", "AccessDeniedException", "User: jenkins is not authorized")
        with pytest.raises(
            HarnessError, match=r"not published to jenkins-log: .*AccessDeniedException.*jenkins is not"
        ):
            publish(file, GROUP, STREAM, session)


def test_lines_that_aws_rejects_for_their_time_are_an_error(
    file: Path, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("line\n")
    logs = session.client("logs")
    monkeypatch.setattr(session, "client", lambda name: logs)
    with Stubber(logs) as stub:
        stub.add_response("create_log_stream", {})
        rejected = {"rejectedLogEventsInfo": {"expiredLogEventEndIndex": 1}}
        stub.add_response(
            "put_log_events", rejected, {"logGroupName": GROUP, "logStreamName": STREAM, "logEvents": ANY}
        )
        with pytest.raises(HarnessError, match=r"refused lines of .* for their time"):
            publish(file, GROUP, STREAM, session)
