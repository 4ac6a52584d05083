"""The platform's Jenkins in scenarios: an agent with the server's role, which runs the Jenkinsfile of a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.jenkins.agent import Agent, Build, build
from harness.jenkins.jenkinsfile import read_jenkinsfile
from harness.scenario import World
from harness.stack import ROOT
from scenarios.repository import Repository

SERVER = "jenkins-server"
JOB = "mammo-severity"
LOG_GROUP = "jenkins-log"
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "MAMMOGRAPHY_DATA")
_SHOWN = (
    "✓",
    "✗",
    "error:",
    "expected:",
    "instead:",
    "+ make ",
    "Apply complete!",
    "Plan:",
    "  ~ ",
    "  + ",
    "  - ",
)


class JenkinsServer:
    """Builds main of a repository, as the Jenkins server of the tooling account does when somebody has merged."""

    def __init__(self, world: World, repository: Repository, folder: Path) -> None:
        self._world = world
        self._repository = repository
        self._folder = folder
        self._builds = 0
        self._stream = ""

    def build_main(self, prod_account: str) -> Build:
        """Checks main out and runs its Jenkinsfile; shows each stage, and what of its log tells the story."""
        self._builds += 1
        workspace = self._repository.check_out(self._folder / f"workspace-{self._builds}")
        commit = self._repository.commit("main")
        agent = Agent(workspace, self._environment(), JOB, "main", commit, number=self._builds)
        self._stream = agent.variables()["BUILD_TAG"]
        jenkinsfile = read_jenkinsfile((workspace / "Jenkinsfile").read_text(encoding="utf-8"))
        parameters = {"prodAccount": prod_account, "target": "local"}
        done = build(jenkinsfile, agent, parameters, self._say)
        for stage in done.stages:
            self._world.show(f"stage {stage.name:<16} {stage.status}")
        self._world.show(f"build {self._builds}: {done.result}")
        return done

    def expect_log(self, done: Build) -> None:
        """That the log of this, the last build, is in prod's log group."""
        logs, stream = self._world.client("prod", "logs"), self._stream
        told = logs.get_log_events(logGroupName=LOG_GROUP, logStreamName=stream, startFromHead=True)
        lines = [event["message"] for event in told["events"]]
        world, wanted = self._world, "make deploy-local"
        world.expect(
            any(wanted in line for line in lines), f"{LOG_GROUP}/{stream} to tell of it", str(lines[:3])
        )
        world.show(
            f"prod's log group {LOG_GROUP} has the build's log: {stream}, {len(done.log.splitlines())} lines"
        )

    @contextmanager
    def expect_untouched(self, account: str) -> Iterator[None]:
        """That nobody changes anything in the account meanwhile, but for the build's log."""
        before = self._world.harness.status()["records"]
        yield
        calls = self._world.harness.journal(before, "call")
        theirs = [
            call for call in calls if call["account"] == account and call["service"] not in ("logs", "sts")
        ]
        told = sorted({f"{call['service']}:{call['operation']}" for call in theirs})
        self._world.expect(not told, f"{account} to be left alone", f"it was asked for {', '.join(told)}")
        self._world.show(f"{account}: not one call, but for the build's log")

    def roll_back(self, ref: str, account: str) -> None:
        """Somebody deploys the repository as of an earlier commit, as Jenkins' role."""
        command = [
            "make",
            "deploy-local",
            f"TO={ref}",
            f"ACCOUNT={account}",
            "STAGE=scripts pipelines events",
        ]
        self._world.show(" ".join(command))
        done = subprocess.run(
            command,
            cwd=self._repository.clone,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        for line in done.stdout.splitlines():
            self._say(line)
        self._world.expect(done.returncode == 0, "the rollback to succeed", done.stdout[-500:] + done.stderr)

    def _say(self, line: str) -> None:
        if line.startswith(_SHOWN):
            self._world.show(f"  {line.rstrip()}")

    def _environment(self) -> dict[str, str]:
        """An agent's: the accounts' endpoint, and the server's role in place of an instance profile's."""
        keys = self._world.session(SERVER).get_credentials().get_frozen_credentials()
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {
            **kept,
            **self._world.stack.environment(),
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_SESSION_TOKEN": keys.token,
            "MAMMOGRAPHY_OFFLINE": "1",
            "VENV": str(self._tools()),
        }

    def _tools(self) -> Path:
        """The environment that this runs in, under another name: a build may make that anew, and not the user's."""
        tools = self._folder / "venv"
        if not tools.exists():
            tools.mkdir()
            for name in ("bin", "lib", "pyvenv.cfg"):
                (tools / name).symlink_to(Path(sys.prefix) / name)
            (tools / _mark(tools)).touch()
        return tools


def _mark(tools: Path) -> str:
    """The name of the file that tells the Makefile that an environment is made: it is asked for it."""
    asked = "include Makefile\n.PHONY: mark\nmark: ; @echo $(notdir $(READY))\n"
    command = ["make", "--silent", "--no-print-directory", "--file=-", "mark", f"VENV={tools}"]
    done = subprocess.run(command, input=asked, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
