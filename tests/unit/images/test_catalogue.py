"""The catalogue finds the stand-in for an image, and what it names is there."""

import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from .conftest import IMAGES

CATALOGUE: list[dict[str, Any]] = tomllib.loads((IMAGES / "catalogue.toml").read_text())["image"]


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("sagemaker-scikit-learn:1.2-1-cpu-py3", "scikit_learn"),
        ("sagemaker-xgboost:3.0-5", "xgboost"),
        ("sagemaker-xgboost:1.7-1", "xgboost"),
        ("sagemaker-model-monitor-analyzer", "model_monitor"),
        ("sagemaker-model-monitor-analyzer:latest", "model_monitor"),
    ],
)
def test_an_image_of_aws_has_one_stand_in(image: str, name: str) -> None:
    assert [e["name"] for e in CATALOGUE if any(re.fullmatch(p, image) for p in e["uris"])] == [name]


def test_every_entry_has_a_dockerfile_and_the_program_it_names() -> None:
    for entry in CATALOGUE:
        assert (IMAGES / entry["name"] / "Dockerfile").is_file()
        assert "program" not in entry or (IMAGES / entry["program"]).is_file()


def test_the_programs_know_nothing_of_aws_or_of_the_harness() -> None:
    forbidden = re.compile(r"^\s*(import|from) (boto3|botocore|sagemaker|harness|moto)\b", re.MULTILINE)
    programs = [path for entry in CATALOGUE for path in (IMAGES / entry["name"]).rglob("*.py")]
    assert programs
    assert not [path for path in programs if forbidden.search(path.read_text())]


def test_the_xgboost_program_tells_its_commands_when_it_is_given_none() -> None:
    program = IMAGES / "xgboost" / "program.py"
    run = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (2, "usage: program.py train|serve\n")
