"""Programs have their own /opt/ml, tell what they write, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from harness.jobs.process import ProcessContainer, ProcessRunner
from harness.model import ContainerResult, ContainerSpec, HarnessError

MAIN = Path(__file__).parents[3]


def wait_until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def processes_with(mark):
    """Processes of the whole machine whose command line has the mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if mark.encode() in command:
                found.append(int(entry.name))
    return found


def test_a_program_writes_to_its_own_opt_ml_and_the_hosts_opt_is_untouched(run):
    before = sorted(os.listdir("/opt"))
    ran = run(script="import os; print(sorted(os.listdir('/opt'))); open('/opt/ml/out', 'w').write('done')")
    assert (ran.root / "out").read_text() == "done"
    assert ran.lines == [str(sorted({*before, "ml"}))]
    assert sorted(os.listdir("/opt")) == before


def test_a_program_has_its_own_tmp(run):
    ran = run(script="import tempfile; print(tempfile.mkstemp(prefix='mine-')[1])")
    assert ran.lines[0].startswith("/tmp/mine-")
    assert not os.path.exists(ran.lines[0])


def test_a_program_cannot_write_to_a_folder_that_is_read_only_and_others_can(runner, tmp_path):
    code, place = tmp_path / "code", tmp_path / "place"
    for folder in (code, place):
        folder.mkdir()
    (code / "main.py").write_text("print('mine')")
    script = f"""if True:
        print(open("{code}/main.py").read())
        open("{place}/out", "w").close()
        try:
            open("{code}/out", "w")
        except OSError as error:
            print(error)
    """
    folders = {"/var/task": code, "/place": place}
    command, lines = ("python3", "-c", script), []
    spec = ContainerSpec("job", command, {}, None, lines.append, folders=folders, read_only=["/var/task"])
    assert runner.start(spec).wait() == ContainerResult(0)
    assert lines == ["print('mine')", f"[Errno 30] Read-only file system: '{code}/out'"]
    (code / "out").touch()
    assert (place / "out").exists()


def test_two_programs_at_once_see_their_own_opt_ml(run):
    script = """
        import os, time
        open(f"/opt/ml/{os.environ['ME']}", "w").close()
        time.sleep(0.3)
        print(sorted(name for name in os.listdir("/opt/ml") if len(name) == 1))
    """
    lines = {"a": [], "b": []}
    started = [
        run.runner.start(run.spec(script=script, lines=lines[me], environment={"ME": me})) for me in "ab"
    ]
    assert [program.wait().exit_code for program in started] == [0, 0]
    assert lines == {"a": ["['a']"], "b": ["['b']"]}


def test_lines_come_as_they_are_written(run):
    times = []
    script = "import time\nfor i in range(3):\n    print(i)\n    time.sleep(0.2)"
    run.runner.start(run.spec(script=script, log=lambda _: times.append(time.monotonic()))).wait()
    assert times[1] - times[0] > 0.1
    assert times[2] - times[1] > 0.1


def test_output_that_is_not_text_is_still_logged(run):
    ran = run(script="import os; os.write(1, b'\\xff\\xfe\\r\\nlast')")
    assert ran.lines == ["\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}", "last"]


def test_a_hundred_thousand_lines_arrive(run):
    ran = run(script="for i in range(100000): print(i)")
    assert ran.lines == [str(i) for i in range(100000)]


def test_a_program_that_kills_itself_ends_with_the_signal(run):
    assert run(script="import os; os.kill(os.getpid(), 9)").code == -signal.SIGKILL


def test_a_program_that_hangs_is_ended_at_its_time_limit(run):
    ran = run(script="import time; print('begun'); time.sleep(60)", timeout=0.3)
    assert ran.result == ContainerResult(-signal.SIGTERM, timed_out=True)
    assert ran.lines == ["begun"]
    assert ran.seconds < 2


def test_a_program_that_ignores_sigterm_is_killed(run):
    script = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf')\ntime.sleep(60)"
    )
    started = threading.Event()
    program = run.runner.start(run.spec(script=script, log=lambda _: started.set()))
    assert started.wait(5)
    program.stop(grace=0.2)
    assert program.wait() == ContainerResult(-signal.SIGKILL)


def test_a_program_may_end_itself_well_when_it_is_stopped(run):
    script = """
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print("ready")
        time.sleep(60)
    """
    started = threading.Event()
    program = run.runner.start(run.spec(script=script, log=lambda _: started.set()))
    assert started.wait(5)
    program.stop()
    assert program.wait() == ContainerResult(0)


def test_a_stop_that_comes_before_the_request_ends_that_program_and_hurts_no_other(run, monkeypatch):
    requested, original = threading.Event(), ProcessContainer._request

    def late(container):
        requested.wait(5)
        return original(container)

    monkeypatch.setattr(ProcessContainer, "_request", late)
    container = run.runner.start(run.spec("sleep", "60"))
    stopping = threading.Thread(target=container.stop)
    stopping.start()
    while not container._stopping.is_set():
        time.sleep(0.01)
    time.sleep(0.1)
    requested.set()
    stopping.join(10)
    assert container.wait() == ContainerResult(-signal.SIGTERM)
    assert run("echo", "next").lines == ["next"]


def test_stopping_what_has_ended_changes_nothing(run):
    program = run.runner.start(run.spec(script="pass"))
    assert program.wait().exit_code == 0
    program.stop()
    assert program.wait().exit_code == 0


@pytest.mark.parametrize("session", ["False", "True"], ids=["of its group", "a daemon of its own session"])
def test_processes_that_a_program_leaves_behind_are_killed(run, session):
    mark = f"left-behind-{session}"
    script = f"""
        import os, subprocess, time
        command = ["bash", "-c", "exec -a {mark} sleep 60"]
        subprocess.Popen(command, start_new_session={session})
        while not os.path.exists("/opt/ml/go"):
            time.sleep(0.01)
    """
    spec = run.spec(script=script)
    program = run.runner.start(spec)
    wait_until(lambda: processes_with(mark))
    (spec.root / "go").touch()
    assert program.wait().exit_code == 0
    wait_until(lambda: not processes_with(mark))


def test_a_daemon_of_a_running_program_lives_on_when_another_program_ends(run):
    script = """
        import subprocess, time
        subprocess.run("(setsid sh -c 'while :; do date > /opt/ml/alive; sleep 0.05; done') &", shell=True)
        print("ready")
        time.sleep(60)
    """
    started = threading.Event()
    spec = run.spec(script=script, log=lambda _: started.set())
    program = run.runner.start(spec)
    assert started.wait(5)
    run(script="pass")
    alive = spec.root / "alive"
    wait_until(alive.exists)
    alive.unlink()
    wait_until(alive.exists)
    program.stop()


def test_a_log_that_fails_ends_the_program_and_is_told(run):
    def log(_):
        raise KeyError("the log is full")

    program = run.runner.start(run.spec(script="import time; print(1); time.sleep(60)", log=log))
    with pytest.raises(KeyError, match="the log is full"):
        program.wait()


def test_nothing_to_run_is_an_error(run):
    spec = ContainerSpec("job", (), {}, None, print)
    with pytest.raises(HarnessError, match="nothing to run"):
        run.runner.start(spec)


def test_a_root_that_is_gone_fails_the_program_clearly(run):
    spec = run.spec(script="pass", log=print)
    program = run.runner.start(ContainerSpec("job", ("true",), {}, spec.root / "gone", print))
    with pytest.raises(OSError, match="gone"):
        program.wait()


def test_when_the_warm_parent_dies_jobs_fail_and_the_next_one_runs(tmp_path):
    runner = ProcessRunner(print)
    try:
        started = threading.Event()
        root = tmp_path / "root"
        root.mkdir()
        hanging = ("sh", "-c", "echo up; sleep 60")
        program = runner.start(ContainerSpec("job", hanging, {}, root, lambda _: started.set()))
        assert started.wait(30)
        runner._parent._process.kill()
        with pytest.raises(HarnessError, match="the process that runs jobs died"):
            program.wait()
        again = runner.start(ContainerSpec("next", ("true",), {}, root, print))
        assert again.wait() == ContainerResult(0)
    finally:
        runner.close()


def test_a_closed_runner_starts_nothing(tmp_path):
    runner = ProcessRunner(print)
    runner.close()
    with pytest.raises(HarnessError, match="closed"):
        runner.start(ContainerSpec("job", ("true",), {}, None, print)).wait()


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "sys.exit()"])
def test_when_the_owner_ends_nothing_is_left(tmp_path, end):
    mark = f"sleep-of-{end[:7]}"
    owner = f"""
        import os, sys, threading
        from pathlib import Path
        from harness.jobs.process import ProcessRunner
        from harness.model import ContainerSpec
        started = threading.Event()
        command = ("bash", "-c", "setsid bash -c 'echo up; exec -a {mark} sleep 60' & exec -a {mark} sleep 60")
        runner = ProcessRunner(print)
        runner.start(ContainerSpec("job", command, {{}}, Path({str(tmp_path)!r}), lambda _: started.set()))
        assert started.wait(30)
        print("up", flush=True)
        {end}
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(owner)],
        cwd=MAIN,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.stdout == "up\n"
    wait_until(lambda: not processes_with(mark))


def test_descriptors_and_threads_do_not_pile_up(run):
    run(script="pass")
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(20):
        run(script="pass")
    wait_until(lambda: threading.active_count() <= before[1])
    assert len(os.listdir("/proc/self/fd")) <= before[0]
