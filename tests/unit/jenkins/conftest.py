"""An agent with a workspace of its own, and Jenkinsfiles as short as what they show."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.jenkins.agent import Agent, Build, build
from harness.jenkins.jenkinsfile import read_jenkinsfile

Run = Callable[..., Build]


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(
        tmp_path / "workspace", {"PATH": os.environ["PATH"]}, "promotion", "main", "c0ffee", number=7
    )


@pytest.fixture
def run(agent: Agent) -> Run:
    """Runs the lines that a pipeline consists of, beside its agent."""

    def run(*lines: str, on: Agent = agent, said: list[str] | None = None, **parameters: str) -> Build:
        text = "\n".join(["pipeline {", "agent any", *lines, "}"])
        return build(read_jenkinsfile(text), on, parameters, [].append if said is None else said.append)

    return run


def stages(*steps: str) -> str:
    """A stage `Build` of these steps."""
    lines = "\n".join(steps)
    return f"stages {{\nstage('Build') {{\nsteps {{\n{lines}\n}}\n}}\n}}"
