"""Whatever goes wrong with a job on this machine is told in its failure reason."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from harness.jobs.s3data import Data


def processing(**changes):
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    application = {"ImageUri": "registry/stand-in:1", "ContainerEntrypoint": ["true"]}
    return {
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": application,
        **changes,
    }


def test_a_folder_that_cannot_be_made_fails_the_job_by_its_name(jobs, tmp_path):
    jobs.workshop = replace(jobs.workshop, workdir=tmp_path / "gone")
    result = jobs("processing", processing())
    assert result.status == "Failed"
    assert result.failure_reason.startswith("InternalServerError: No such file or directory: ")
    assert str(tmp_path / "gone") in result.failure_reason


def test_a_disk_that_is_full_fails_the_job_and_its_place_is_told(jobs, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")  # as a write has it: without a name

    monkeypatch.setattr(Data, "download", full)
    source = {"S3Uri": "s3://bucket/key", "LocalPath": "/opt/ml/processing/in"}
    result = jobs("processing", processing(ProcessingInputs=[{"InputName": "in", "S3Input": source}]))
    place = jobs.workshop.workdir
    assert result.failure_reason == f"InternalServerError: No space left on device: {place}"
    assert list(Path(place).iterdir()) == []


def test_an_image_that_is_not_to_be_had_is_the_clients_mistake(jobs):
    application = {"ImageUri": "registry/unknown:1", "ContainerEntrypoint": ["true"]}
    result = jobs("processing", processing(AppSpecification=application))
    assert result.failure_reason.startswith(
        "ClientError: The image registry/unknown:1 is not in the catalogue"
    )
