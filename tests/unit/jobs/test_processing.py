"""Processing jobs follow SageMaker's contract."""

from __future__ import annotations

import json
import textwrap
import threading
import time
from dataclasses import replace

import pytest
from moto.server import ThreadedMotoServer

BUCKET = "job-data"

CODE = "/opt/ml/processing/input/code/script.py"


@pytest.fixture
def process(jobs):
    """Runs a script as a processing job; `changes` replace members of the request."""

    def run(script="", inputs=(), outputs=(), **changes):
        code = jobs.put("code/script.py", textwrap.dedent(script))
        sources = [("code", code, "/opt/ml/processing/input/code"), *inputs]
        request = {
            "ProcessingJobName": "the-job",
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
            },
            "AppSpecification": {"ImageUri": "registry/bare:1", "ContainerEntrypoint": ["python3", CODE]},
            "ProcessingInputs": [
                {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix"}}
                for name, uri, path in sources
            ],
            "ProcessingOutputConfig": {"Outputs": list(outputs)},
            "RoleArn": "arn:aws:iam::111111111111:role/jobs",
            **changes,
        }
        return jobs("processing", request)

    return run


def output(name, mode="EndOfJob"):
    s3_output = {
        "S3Uri": f"s3://{BUCKET}/out/{name}",
        "LocalPath": f"/opt/ml/processing/{name}",
        "S3UploadMode": mode,
    }
    return {"OutputName": name, "S3Output": s3_output}


def source(**s3_input):
    return [{"InputName": "data", "S3Input": {"S3Uri": f"s3://{BUCKET}/in/", **s3_input}}]


def test_inputs_come_and_outputs_go(jobs, process):
    jobs.put("in/a.csv", "1")
    jobs.put("in/deep/b.csv", "2")
    result = process(
        """
        from pathlib import Path
        read = sorted(str(p) for p in Path("/opt/ml/processing/data").rglob("*.csv"))
        Path("/opt/ml/processing/result/sub").mkdir()
        Path("/opt/ml/processing/result/sub/list.txt").write_text("\\n".join(read))
        print("done")
        """,
        inputs=[("data", f"s3://{BUCKET}/in/", "/opt/ml/processing/data")],
        outputs=[output("result")],
    )
    assert (result.status, result.failure_reason, result.log_tail) == ("Completed", "", ("done",))
    assert jobs.get("out/result/sub/list.txt").decode().splitlines() == [
        "/opt/ml/processing/data/a.csv",
        "/opt/ml/processing/data/deep/b.csv",
    ]
    assert result.started <= result.ended


def test_a_prefix_is_not_only_a_folder(jobs, process):
    for key in ("in/part1.csv", "in/part2.csv", "in/other.csv"):
        jobs.put(key, "x")
    process(
        "import os; print(sorted(os.listdir('/opt/ml/processing/data')))",
        inputs=[("data", f"s3://{BUCKET}/in/part", "/opt/ml/processing/data")],
    )
    assert jobs.log == ["['part1.csv', 'part2.csv']"]


def test_a_manifest_names_its_objects(jobs, process):
    jobs.put("in/a.csv", "1")
    jobs.put("in/b.csv", "2")
    manifest = jobs.put("manifest", json.dumps([{"prefix": f"s3://{BUCKET}/in/"}, "b.csv"]))
    s3_input = {"S3Uri": manifest, "LocalPath": "/opt/ml/processing/data", "S3DataType": "ManifestFile"}
    code = {"S3Uri": f"s3://{BUCKET}/code/", "LocalPath": "/opt/ml/processing/input/code"}
    process(
        "import os; print(os.listdir('/opt/ml/processing/data'))",
        ProcessingInputs=[
            {"InputName": "data", "S3Input": s3_input},
            {"InputName": "code", "S3Input": code},
        ],
    )
    assert jobs.log == ["['b.csv']"]


def test_the_program_knows_its_job(jobs, process):
    process(
        """
        import json, os
        config = json.load(open("/opt/ml/config/processingjobconfig.json"))
        hosts = json.load(open("/opt/ml/config/resourceconfig.json"))
        print(config["ProcessingJobName"], config["ProcessingInputs"][0]["InputName"], hosts)
        print({k: v for k, v in os.environ.items() if k.startswith("AWS") or k == "MINE"})
        """,
        Environment={"MINE": "1", "AWS_ENDPOINT_URL": "https://sagemaker.us-east-1.amazonaws.com"},
    )
    assert jobs.log == [
        "the-job code "
        + str({"current_host": "algo-1", "current_instance_type": "ml.m5.large", "hosts": ["algo-1"]}),
        str(
            {
                "MINE": "1",
                "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "ASIAJOB",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_SESSION_TOKEN": "session-token",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": "/dev/null",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            }
        ),
    ]


def test_a_job_cannot_be_led_elsewhere(jobs, process):
    process(
        "import os; print(sorted(name for name in os.environ if 'S3' in name or 'PROFILE' in name))",
        Environment={"AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com", "AWS_PROFILE": "prod"},
    )
    assert jobs.log == ["[]"]


def test_a_jobs_own_calls_reach_the_gateway(jobs, process):
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    jobs.workshop = replace(jobs.workshop, endpoint=f"http://{host}:{port}")
    try:
        process(
            "import boto3; print(boto3.client('sts').get_caller_identity()['ResponseMetadata']['HTTPStatusCode'])"
        )
    finally:
        server.stop()
    assert jobs.log == ["200"]


def test_without_an_entrypoint_the_images_own_program_runs(jobs, process):
    result = process(AppSpecification={"ImageUri": "registry/stand-in:1", "ContainerArguments": ["--a", "b"]})
    assert result.status == "Completed"
    assert jobs.log == ["processing by the image's own program --a b"]


def test_the_exit_message_is_what_the_program_left(process):
    result = process("open('/opt/ml/output/message', 'w').write('Completed: no violations.\\n' + 'x' * 2000)")
    assert result.exit_message.startswith("Completed: no violations.")
    assert len(result.exit_message) == 1024


def test_a_crash_fails_the_job_and_its_log_has_the_traceback(jobs, process):
    result = process(
        "open('/opt/ml/processing/result/half', 'w').close()\n1/0",
        outputs=[output("result"), output("live", mode="Continuous")],
    )
    assert (result.status, result.exit_code) == ("Failed", 1)
    assert result.failure_reason == "AlgorithmError: , exit code: 1"
    assert result.log_tail[-1] == "ZeroDivisionError: division by zero"
    assert jobs.keys("out/") == []


def test_continuous_outputs_survive_a_crash(jobs, process):
    process(
        "open('/opt/ml/processing/live/half', 'w').close()\n1/0",
        outputs=[output("live", mode="Continuous")],
    )
    assert jobs.keys("out/") == ["out/live/half"]


def test_a_killed_program_fails_with_the_code_of_its_signal(process):
    result = process("import os; os.kill(os.getpid(), 9)")
    assert result.failure_reason == "AlgorithmError: , exit code: 137"
    assert result.exit_code == 137


def test_a_job_out_of_time_is_stopped(process):
    result = process("import time; time.sleep(60)", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert result.status == "Stopped"


def test_a_job_that_is_stopped_says_so(jobs, process):
    jobs.on_line = lambda _: threading.Timer(0.1, jobs.stop.set).start()
    result = process("import time; print('up'); time.sleep(60)")
    assert (result.status, result.log_tail) == ("Stopped", ("up",))


def test_a_job_stopped_before_it_began_runs_nothing(jobs, process):
    jobs.stop.set()
    assert process("print('no')").status == "Stopped"
    assert jobs.log == []


def test_a_program_that_writes_no_output_completes(jobs, process):
    assert process("", outputs=[output("result")]).status == "Completed"
    assert jobs.keys("out/") == []


def test_links_are_not_followed_at_upload(jobs, process):
    process("import os; os.symlink('/etc/passwd', '/opt/ml/processing/result/x')", outputs=[output("result")])
    assert jobs.keys("out/") == []


def test_outputs_are_encrypted_with_the_key(jobs, process):
    key = "arn:aws:kms:us-east-1:111111111111:key/1234"
    process(
        "open('/opt/ml/processing/result/x', 'w').close()",
        ProcessingOutputConfig={"KmsKeyId": key, "Outputs": [output("result")]},
    )
    head = jobs.s3.head_object(Bucket=BUCKET, Key="out/result/x")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_a_missing_input_fails_before_anything_runs(jobs, process):
    result = process("print('no')", inputs=[("data", f"s3://{BUCKET}/none/", "/opt/ml/processing/data")])
    assert result.status == "Failed"
    assert result.failure_reason.startswith(
        f'ClientError: Failed to download data. No S3 objects found under S3 URL "s3://{BUCKET}/none/"'
    )
    assert jobs.log == []


def test_a_missing_bucket_fails_with_what_s3_said(process):
    result = process(inputs=[("data", "s3://no-such-bucket/x", "/opt/ml/processing/data")])
    assert result.failure_reason == (
        "ClientError: Failed to download data. ListObjectsV2 failed for s3://no-such-bucket/x: "
        "NoSuchBucket: The specified bucket does not exist"
    )


def test_an_upload_that_fails_fails_the_job(process):
    there = {"S3Uri": "s3://no-such-bucket/x", "LocalPath": "/opt/ml/processing/r"}
    result = process(
        "open('/opt/ml/processing/r/x', 'w').close()", outputs=[{"OutputName": "r", "S3Output": there}]
    )
    assert result.failure_reason == (
        "ClientError: Failed to upload data. Unable to upload object s3://no-such-bucket/x/x "
        "(NoSuchBucket: The specified bucket does not exist)"
    )


def test_an_image_that_nobody_knows_fails_with_its_name(process):
    result = process(AppSpecification={"ImageUri": "registry/unheard-of:3", "ContainerEntrypoint": ["true"]})
    assert result.failure_reason.startswith(
        "ClientError: The image registry/unheard-of:3 is not in the catalogue"
    )


def test_an_image_without_a_program_takes_an_entrypoint(process):
    result = process(AppSpecification={"ImageUri": "registry/bare:1"})
    assert "name a ContainerEntrypoint" in result.failure_reason


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (
            {"ProcessingResources": {"ClusterConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.large"}}},
            "more than one instance (InstanceCount 2)",
        ),
        ({"ProcessingInputs": source(S3InputMode="Pipe")}, "S3InputMode Pipe (input data)"),
        ({"ProcessingInputs": source(S3CompressionType="Gzip")}, "S3CompressionType Gzip (input data)"),
        (
            {"ProcessingInputs": [{"InputName": "d", "DatasetDefinition": {}}]},
            "the DatasetDefinition of input d",
        ),
        (
            {"ProcessingOutputConfig": {"Outputs": [{"OutputName": "f", "FeatureStoreOutput": {}}]}},
            "the FeatureStoreOutput of output f",
        ),
    ],
)
def test_what_is_not_supported_fails_and_says_so(process, changes, what):
    result = process("", **changes)
    assert result.failure_reason == f"ClientError: The harness does not support {what} yet"


@pytest.mark.parametrize("path", ["/tmp/x", "/opt/ml/../../etc", "/opt/mlx"])
def test_a_local_path_outside_opt_ml_fails(process, path):
    result = process(inputs=[("data", f"s3://{BUCKET}/code/", path)])
    assert result.status == "Failed"
    assert path.removeprefix("/opt/ml/") in result.failure_reason


def test_the_jobs_folder_is_gone_at_the_end(jobs, process):
    process("1/0")
    process("pass")
    assert list(jobs.workshop.workdir.iterdir()) == []


def test_the_log_tail_is_the_last_twenty_lines(jobs, process):
    result = process("for i in range(50): print(i)")
    assert result.log_tail == tuple(str(i) for i in range(30, 50))
    assert len(jobs.log) == 50


def test_a_small_job_takes_a_fraction_of_a_second(process):
    begun = time.monotonic()
    process("import pandas; pandas.DataFrame({'a': [1]}).describe()")
    assert time.monotonic() - begun < 2  # several cold; the bound is for a busy machine
