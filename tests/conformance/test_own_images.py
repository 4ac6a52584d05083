"""Images of one's own.

The process runner has them from a catalogue, the docker runner from its engine, into which they are built here."""

from __future__ import annotations

import json
from collections.abc import Iterator

import docker
import pytest

from harness.jobs.docker.tags import tag
from tests.conformance.combination import OWN_IMAGE, Combination
from tests.conformance.workbench import (
    ended,
    make_model,
    predictions,
    process,
    train,
    transform,
    transform_request,
    written,
)
from tests.e2e.account import ROOT, Account
from tests.e2e.callers import own_name


@pytest.fixture(scope="module")
def image(combination: Combination) -> Iterator[str]:
    uri = f"conformance/own-image:{own_name('run')}"
    if combination.runner != "docker":
        yield uri
        return
    engine = docker.from_env()
    base = tag(ROOT / "images/scikit_learn")
    engine.images.build(path=str(OWN_IMAGE), tag=uri, buildargs={"BASE": base}, rm=True)
    yield uri
    engine.images.remove(uri)
    engine.close()


@pytest.fixture(scope="module")
def artifact(dev: Account, image: str) -> str:
    job = train(dev, image=image, HyperParameters={"factor": "3"})
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return str(job["ModelArtifacts"]["S3ModelArtifacts"])


@pytest.fixture(scope="module")
def model(dev: Account, image: str, artifact: str) -> str:
    return make_model(dev, image, artifact, Environment={"STAGE": "dev"})


def answered(dev: Account, model: str, row: str) -> str:
    """What the model answers to a row."""
    (text,) = predictions(dev, transform(dev, model, row)).values()
    return text.rstrip("\n")


def test_processing(dev: Account, image: str) -> None:
    """A processing job without an entrypoint runs the image's own, with the request's arguments and environment"""
    job = process(
        dev,
        **dev.processing_request(
            AppSpecification={"ImageUri": image, "ContainerArguments": ["--rows", "5"]},
            Environment={"STAGE": "dev"},
            ProcessingOutputConfig=dev.output("output"),
        ),
    )
    assert job["ProcessingJobStatus"] == "Completed", job["FailureReason"]
    told = json.loads(written(dev, job)["told.json"])
    assert told == {"arguments": ["--rows", "5"], "stage": "dev"}


def test_training_and_transform(dev: Account, model: str) -> None:
    """`IMAGE train` trains a model, with which `IMAGE serve` predicts"""
    assert predictions(dev, transform(dev, model, "1\n2\n", "5\n")) == {
        "0.csv.out": "3\n6\n",
        "1.csv.out": "15\n",
    }


def test_a_servers_environment(dev: Account, model: str) -> None:
    """A server has the model's environment, and knows that it is a batch transform's"""
    names = ("STAGE", "SAGEMAKER_BATCH", "SAGEMAKER_BATCH_STRATEGY", "SAGEMAKER_MAX_PAYLOAD_IN_MB")
    told = [answered(dev, model, f"environment:{name}") for name in names]
    assert told == ["dev", "true", "MULTI_RECORD", "6"]


def test_an_invocations_headers(dev: Account, model: str) -> None:
    """An invocation has the input's content type, and asks for the output's"""
    assert answered(dev, model, "header:Content-Type") == "text/csv"
    job = transform(dev, model, "header:Accept", wanted={"Accept": "application/json"})
    assert predictions(dev, job) == {"0.csv.out": "application/json\n"}


@pytest.mark.parametrize(("status", "error"), [(400, "ClientError"), (500, "AlgorithmError")])
def test_a_server_that_refuses(dev: Account, model: str, status: int, error: str) -> None:
    """A server's answer of {status} fails the job with {error}, and is in the log"""
    job = transform(dev, model, f"status:{status}")
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"] == f"{error}: See job logs for more information"
    assert "as asked" in dev.logged("/aws/sagemaker/TransformJobs", job["TransformJobName"])


def test_a_server_that_ends(dev: Account, image: str, artifact: str) -> None:
    """A server that ends before it answers /ping fails the job"""
    broken = make_model(dev, image, artifact, Environment={"BROKEN": "yes"})
    job = transform(dev, broken, "1\n")
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert "this model is broken" in dev.logged("/aws/sagemaker/TransformJobs", job["TransformJobName"])


def test_a_transform_that_is_stopped(dev: Account, model: str) -> None:
    """A batch transform that is stopped ends as Stopped"""
    request = transform_request(dev, model, "sleep:600")
    sagemaker, name = dev.client("sagemaker"), request["TransformJobName"]
    sagemaker.create_transform_job(**request)
    sagemaker.stop_transform_job(TransformJobName=name)
    assert ended(dev, "Transform", name)["TransformJobStatus"] == "Stopped"
    assert dev.stack.client.settle(timeout=60) == []


def test_an_image_that_nobody_has(dev: Account) -> None:
    """A job of an image that nobody has fails, and its reason names the image"""
    job = process(
        dev,
        **dev.processing_request(
            AppSpecification={"ImageUri": "conformance/nobodys:1", "ContainerEntrypoint": ["true"]}
        ),
    )
    assert job["ProcessingJobStatus"] == "Failed"
    assert "conformance/nobodys:1" in job["FailureReason"]
