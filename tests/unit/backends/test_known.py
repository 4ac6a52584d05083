"""What a backend elsewhere has told is kept until it may have changed, and no longer."""

from __future__ import annotations

import pytest

from harness.backends.known import Known, changes


def test_what_is_there_is_asked_for_once() -> None:
    known, answers = Known(), iter(["first", "second"])
    assert known.get(("bucket", "b"), lambda: next(answers)) == "first"
    assert known.get(("bucket", "b"), lambda: next(answers)) == "first"
    assert known.get(("bucket", "c"), lambda: next(answers)) == "second"


def test_what_is_not_there_is_asked_for_each_time() -> None:
    known, answers = Known(), iter([None, "made meanwhile"])
    assert known.get(("key", "k"), lambda: next(answers)) is None
    assert known.get(("key", "k"), lambda: next(answers)) == "made meanwhile"


def test_what_is_forgotten_is_asked_for_again() -> None:
    known, answers = Known(), iter(["before", "after"])
    known.get(("bucket", "b"), lambda: next(answers))
    known.forget()
    assert known.get(("bucket", "b"), lambda: next(answers)) == "after"


def test_an_answer_from_before_a_change_is_not_kept() -> None:
    """One thread asks; before it has its answer another's call changes things."""
    known = Known()

    def ask_while_it_changes() -> str:
        known.forget()
        return "before"

    assert known.get(("bucket", "b"), ask_while_it_changes) == "before"
    assert known.get(("bucket", "b"), lambda: "after") == "after"


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("s3", "GetObject"),
        ("s3", "PutObject"),
        ("s3", "DeleteObjects"),
        ("s3", "CompleteMultipartUpload"),
        ("s3", "ListBuckets"),
        ("kms", "GenerateDataKeyWithoutPlaintext"),
        ("kms", "DescribeKey"),
        ("sns", "PublishBatch"),
        ("sqs", "DeleteMessageBatch"),
    ],
)
def test_work_changes_no_fact(service: str, operation: str) -> None:
    assert not changes(service, operation)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("s3", "CreateBucket"),
        ("s3", "PutBucketPolicy"),
        ("s3", "DeleteBucketEncryption"),
        ("s3", "PutObjectLockConfiguration"),
        ("s3", "PutPublicAccessBlock"),
        ("kms", "PutKeyPolicy"),
        ("kms", "RetireGrant"),
        ("kms", "UpdateAlias"),
        ("sns", "AddPermission"),
        ("sns", "Subscribe"),
        ("sqs", "SetQueueAttributes"),
        ("sqs", "DeleteQueue"),
        ("sqs", "SomethingNewToAws"),
    ],
)
def test_what_writes_a_fact_or_is_not_known_changes_some(service: str, operation: str) -> None:
    assert changes(service, operation)
