"""Processing jobs: inputs from S3, a script or an analyzer, outputs to S3."""

from __future__ import annotations

from typing import Any

from harness.jobs.contract import (
    HOST,
    Job,
    JobFailed,
    JobStopped,
    Program,
    algorithm_error,
    exit_status,
    single_instance,
    unsupported,
)
from harness.jobs.s3data import DataError
from harness.model import JobResult, Json

DAY = 86400.0  # MaxRuntimeInSeconds' default


def run_processing(job: Job) -> JobResult:
    request = job.spec.request
    cluster = request["ProcessingResources"]["ClusterConfig"]
    single_instance(cluster["InstanceCount"])
    outputs = _outputs(request)
    _download(job, request.get("ProcessingInputs", []))
    for output in outputs:
        job.folder(output["LocalPath"])
    _write_config(job, request, cluster)
    program = _start(job, request)
    try:
        result = program.result()
    except JobStopped:
        _upload(job, outputs, continuous_only=True)
        raise
    message = job.read_text("/opt/ml/output/message")
    if result.timed_out:
        # Documented as "the processing job is stopped"; what it says of itself then is not.
        _upload(job, outputs, continuous_only=True)
        return JobResult("Stopped", exit_message=message, exit_code=exit_status(result.exit_code))
    if result.exit_code:
        _upload(job, outputs, continuous_only=True)
        raise JobFailed(algorithm_error(result.exit_code), exit_status(result.exit_code), message)
    _upload(job, outputs)
    return JobResult("Completed", exit_message=message)


def _start(job: Job, request: Json) -> Program:
    application = request["AppSpecification"]
    return job.start(
        application["ImageUri"],
        "processing",
        job.environment(request.get("Environment", {})),
        entrypoint=application.get("ContainerEntrypoint", []),
        arguments=application.get("ContainerArguments", []),
        timeout=request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DAY),
    )


def _download(job: Job, inputs: list[Any]) -> None:
    for given in inputs:
        if "S3Input" not in given:
            unsupported(f"the DatasetDefinition of input {given['InputName']}")
        source = given["S3Input"]
        if source.get("S3InputMode", "File") != "File":
            unsupported(f"S3InputMode {source['S3InputMode']} (input {given['InputName']})")
        if source.get("S3CompressionType", "None") != "None":
            unsupported(f"S3CompressionType {source['S3CompressionType']} (input {given['InputName']})")
        if given.get("AppManaged"):
            continue  # the program fetches it itself
        try:
            # With one instance, ShardedByS3Key is FullyReplicated: it gets every shard.
            job.data.download(
                source["S3Uri"], job.folder(source["LocalPath"]), source.get("S3DataType", "S3Prefix")
            )
        except DataError as error:
            raise JobFailed(f"ClientError: {_introduced(str(error))}") from error


def _introduced(text: str) -> str:
    """Processing jobs say "Failed to download data." in front of everything."""
    return text if text.startswith("Failed to download data.") else f"Failed to download data. {text}"


def _outputs(request: Json) -> list[Json]:
    """The S3 outputs that the platform uploads."""
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    for output in outputs:
        if "FeatureStoreOutput" in output:
            unsupported(f"the FeatureStoreOutput of output {output['OutputName']}")
    return [output["S3Output"] for output in outputs if not output.get("AppManaged")]


def _upload(job: Job, outputs: list[Json], continuous_only: bool = False) -> None:
    """At the job's end. After a failure only what AWS would have uploaded while the job ran."""
    key = job.spec.request.get("ProcessingOutputConfig", {}).get("KmsKeyId", "")
    for output in outputs:
        if continuous_only and output.get("S3UploadMode") != "Continuous":
            continue
        try:
            job.data.upload(job.path(output["LocalPath"]), output["S3Uri"], key)
        except DataError as error:
            raise JobFailed(f"ClientError: Failed to upload data. {error}") from error


def _write_config(job: Job, request: Json, cluster: Json) -> None:
    config = {"ProcessingJobArn": job.spec.arn, "ProcessingJobName": job.spec.name, **request}
    job.write_json("/opt/ml/config/processingjobconfig.json", config)
    hosts: Json = {"current_host": HOST, "current_instance_type": cluster["InstanceType"], "hosts": [HOST]}
    job.write_json("/opt/ml/config/resourceconfig.json", hosts)
    job.folder("/opt/ml/output")
