"""Where private mounts are not to be had, jobs say so; an unprivileged user has them, too."""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
import threading
from pathlib import Path

import pytest

from harness.jobs import mounts
from harness.jobs.optlink import OptLink
from harness.jobs.process import ProcessRunner
from harness.model import ContainerResult, ContainerSpec, HarnessError

MAIN = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def opt(tmp_path_factory):
    return tmp_path_factory.mktemp("opt")


@pytest.fixture(scope="module")
def linked(opt):
    """A runner without namespaces, whose /opt is a folder of the test's."""
    warnings = []
    runner = ProcessRunner(warnings.append, OptLink(opt), namespaces=False)
    yield runner, warnings
    runner.close()


def start(runner, root, command, lines):
    root.mkdir(exist_ok=True)
    return runner.start(ContainerSpec("job", ("sh", "-c", command), {}, root, lines.append))


def test_a_link_is_said_aloud(linked):
    runner, warnings = linked
    assert not runner.isolated
    assert len(warnings) == 1
    assert "jobs run one at a time" in warnings[0]
    assert "apparmor_restrict_unprivileged_userns" in warnings[0]


def test_a_linked_job_writes_to_its_root_and_the_link_goes_with_it(linked, opt, tmp_path):
    program = start(linked[0], tmp_path / "a", f"echo x > {opt}/ml/out; pwd", lines := [])
    assert program.wait() == ContainerResult(0)
    assert (tmp_path / "a/out").read_text() == "x\n"
    assert lines in ([f"{opt}/ml/.home"], [f"{tmp_path}/a/.home"])
    assert not os.path.lexists(opt / "ml")


def test_linked_jobs_run_one_at_a_time(linked, opt, tmp_path):
    lines = []
    command = f"echo begin; sleep 0.1; echo x >> {opt}/ml/out; echo end"
    programs = [start(linked[0], tmp_path / name, command, lines) for name in "abc"]
    assert [program.wait().exit_code for program in programs] == [0, 0, 0]
    assert lines == ["begin", "end"] * 3
    assert [(tmp_path / name / "out").read_text() for name in "abc"] == ["x\n"] * 3


def test_a_linked_job_that_waits_for_its_turn_can_be_stopped(linked, tmp_path):
    up = threading.Event()
    root = tmp_path / "a"
    root.mkdir()
    command = ("sh", "-c", "echo up; sleep 60")
    first = linked[0].start(ContainerSpec("job", command, {}, root, lambda _: up.set()))
    assert up.wait(30)
    second = start(linked[0], tmp_path / "b", "echo never", lines := [])
    second.stop()
    first.stop()
    assert first.wait() == second.wait() == ContainerResult(-15)
    assert lines == []


def test_a_link_that_a_dead_harness_left_is_replaced(linked, opt, tmp_path):
    (opt / "ml").symlink_to(tmp_path / "gone")
    assert start(linked[0], tmp_path / "a", "true", []).wait() == ContainerResult(0)


def test_an_opt_ml_of_the_users_own_is_left_alone(tmp_path):
    (tmp_path / "ml").mkdir()
    with pytest.raises(HarnessError, match=r"exists\. Remove it"):
        ProcessRunner(print, OptLink(tmp_path), namespaces=False)
    assert (tmp_path / "ml").is_dir()


def test_without_any_way_the_error_names_the_ways_out(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(HarnessError, match=r"not writable.*user namespaces.*bubblewrap"):
        ProcessRunner(print, OptLink(tmp_path), namespaces=False)


def test_a_probe_of_attempts_that_fail_tells_why():
    no_such_namespace = 0x1  # not a flag unshare knows
    flags, reason = mounts.probe([no_such_namespace])
    assert flags is None
    assert "Invalid argument" in reason


def test_a_probe_leaves_this_process_as_it_was():
    before = os.readlink("/proc/self/ns/mnt"), os.readlink("/proc/self/ns/user"), sorted(os.listdir("/opt"))
    mounts.probe()
    assert before == (
        os.readlink("/proc/self/ns/mnt"),
        os.readlink("/proc/self/ns/user"),
        sorted(os.listdir("/opt")),
    )


def test_an_unprivileged_user_has_private_mounts_and_writes_as_itself(tmp_path):
    python, setpriv = "/usr/bin/python3", shutil.which("setpriv")
    if os.getuid() != 0 or not setpriv or not os.path.exists(python):
        pytest.skip("becoming nobody takes root, setpriv and a system Python")
    become = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"]
    if subprocess.run([*become, "unshare", "-Urm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine gives unprivileged users no namespaces")
    if subprocess.run([*become, python, "-c", "import harness.model"], check=False, cwd=MAIN).returncode:
        pytest.skip("nobody can't read the harness, or the system Python is older than it")
    owner = """
        import os, pathlib, shutil, tempfile
        from harness.jobs.process import ProcessRunner
        from harness.model import ContainerSpec
        root = pathlib.Path(tempfile.mkdtemp())
        runner = ProcessRunner(print)
        script = f"import os; open('/opt/ml/x', 'w').close(); print(os.getuid(), os.path.exists('{root}'))"
        command = ("python3", "-c", script)
        print(runner.isolated, runner.start(ContainerSpec("job", command, {}, root, print)).wait().exit_code)
        print((root / "x").stat().st_uid)
        for read_only in ((), ("/var/task",)):
            script = f"open('{root}/y', 'w')"
            command, folders = ("python3", "-c", script), {"/var/task": root}
            spec = ContainerSpec("job", command, {}, None, str, folders=folders, read_only=read_only)
            print(runner.start(spec).wait().exit_code)
        runner.close()
        shutil.rmtree(root)
    """
    done = subprocess.run(
        [*become, python, "-c", textwrap.dedent(owner)],
        check=False,
        capture_output=True,
        text=True,
        cwd=MAIN,
        env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stdout.splitlines() == ["65534 False", "True 0", "65534", "0", "1"], done.stderr
