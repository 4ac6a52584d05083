"""Prints the README's table: `python -m bench`, or some of its rows: `python -m bench permissions s3`.

Rows are named scenarios, memory, s3, jobs, runners, permissions. Figures are medians; a ratio is of two figures
of this run, taken turn about.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import psutil

from bench import permissions, runners
from bench.jobs import Jobs
from bench.moto import bare_moto
from bench.timing import Row, timed, turn_about
from harness import stack as stacks
from harness.running import environment
from harness.stack import ROOT, Stack

HARNESS = Path(sys.executable).with_name("harness")


def main(wanted: list[str]) -> None:
    print(
        f"measuring on {os.cpu_count()} cores, Python {platform.python_version()}; a few minutes", flush=True
    )
    rows = [row for name in wanted or ROWS for row in ROWS[name]()]
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    print(f"\n{when}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| what | here | beside it | ratio | aim |\n| --- | --- | --- | --- | --- |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


@contextmanager
def harness() -> Iterator[Stack]:
    with stacks.started() as stack, environment(stack):
        yield stack


def scenario_rows() -> Iterator[Row]:
    """The whole of scenario-outliers as a user starts it: cold, and against a harness that is up."""
    with tempfile.TemporaryDirectory() as home:
        alone = {**os.environ, "HARNESS_HOME": home}
        cold = statistics.median(timed(lambda: scenario(alone)) for _ in range(3))
        yield "`scenario outliers`, cold", f"{cold:.1f} s", "", "", "15 s"
        up = subprocess.Popen([HARNESS, "up", "--port", "0"], env=alone, stdout=subprocess.PIPE, text=True)
        assert up.stdout
        while "End with" not in up.stdout.readline():
            pass
        try:
            scenario(alone)  # the first pays for warming up
            warm = statistics.median(timed(lambda: scenario(alone)) for _ in range(3))
        finally:
            subprocess.run([HARNESS, "down"], env=alone, check=True, stdout=subprocess.DEVNULL)
            up.wait()
        yield (
            "`scenario outliers`, a harness up",
            f"{warm:.1f} s",
            f"cold {cold:.1f} s",
            f"{cold / warm:.1f}",
            "5 s",
        )


def scenario(env: dict[str, str]) -> None:
    subprocess.run([HARNESS, "scenario", "outliers"], env=env, check=True, stdout=subprocess.DEVNULL)


def memory_rows() -> Iterator[Row]:
    """Everything that a harness at rest holds: the gateway's process, its warm parent, their proportional shares."""
    with harness() as stack:
        time.sleep(8)  # until the warm parent has imported all it will
        gateway = psutil.Process(stack.pid)
        processes = [gateway, *gateway.children(recursive=True)]
        total = sum(p.memory_full_info().pss for p in processes) / 1e6
    yield "memory at rest", f"{total:.0f} MB", f"{len(processes)} processes", "", "400 MB"


def s3_rows() -> Iterator[Row]:
    """An object of 1 kB put and got through the gateway, and through a bare moto server."""
    with harness(), bare_moto() as moto:
        clients = {"harness": boto3.Session(profile_name="dev").client("s3"), "moto": moto}
        for client in clients.values():
            client.create_bucket(Bucket="a-sagemaker-bench")
        calls: dict[str, Callable[[Any], Any]] = {
            "put": lambda s3: s3.put_object(Bucket="a-sagemaker-bench", Key="k", Body=b"x" * 1000),
            "get": lambda s3: s3.get_object(Bucket="a-sagemaker-bench", Key="k")["Body"].read(),
        }
        for name, call in calls.items():
            taken = turn_about({who: partial(call, client) for who, client in clients.items()}, rounds=300)
            here, there = taken["harness"] * 1000, taken["moto"] * 1000
            yield (
                f"S3 {name}, 1 kB",
                f"{here:.1f} ms",
                f"moto server {there:.1f} ms",
                f"{there / here:.2f}",
                "1",
            )


def job_rows() -> Iterator[Row]:
    with harness() as stack:
        jobs = Jobs(stack)
        jobs.noop()
        noop = statistics.median(timed(jobs.noop) for _ in range(30)) * 1000
        yield "a no-op processing job, Create to Completed", f"{noop:.0f} ms", "", "", "30 ms"
        taken = turn_about({"harness": jobs.through_the_harness, "python": jobs.by_python}, rounds=5)
    here, there = taken["harness"], taken["python"]
    yield (
        "pre-process, train, evaluate",
        f"{here:.2f} s",
        f"`python` one after another {there:.2f} s",
        f"{there / here:.1f}",
        "5",
    )


ROWS: dict[str, Callable[[], Iterator[Row]]] = {
    "scenarios": scenario_rows,
    "memory": memory_rows,
    "s3": s3_rows,
    "jobs": job_rows,
    "runners": runners.rows,
    "permissions": permissions.rows,
}

if __name__ == "__main__":
    os.chdir(ROOT)
    main(sys.argv[1:])
