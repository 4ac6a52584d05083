"""A script sees an interpreter like a freshly started one."""

from __future__ import annotations

import sys

import pytest

from harness.jobs.fresh import script_of


def test_a_script_gets_its_arguments_its_folder_and_main(run):
    ran = run(
        "python3",
        "/opt/ml/script.py",
        "--rows",
        "3",
        script="import sys; print(__name__, __file__, sys.argv, sys.path[0])",
    )
    assert ran.lines == ["__main__ /opt/ml/script.py ['/opt/ml/script.py', '--rows', '3'] /opt/ml"]


def test_the_environment_is_the_given_one_with_only_path_and_home_added(run):
    ran = run(script="import os; print(sorted(os.environ.items()))", environment={"A": "1", "PATH": "/bin"})
    assert ran.lines == [str([("A", "1"), ("HOME", "/opt/ml/.home"), ("PATH", "/bin")])]


def test_nothing_of_the_harness_is_imported_or_importable(run):
    ran = run(
        script="""
        import sys, importlib.util
        print([name for name in sys.modules if name.startswith("harness")])
        print(importlib.util.find_spec("harness"), importlib.util.find_spec("scenarios"))
        """
    )
    assert ran.lines == ["[]", "None None"]


def test_libraries_are_there_already(run):
    ran = run(script="import sys; print('pandas' in sys.modules, 'xgboost' in sys.modules)")
    assert ran.lines == ["True True"]


def test_no_thread_runs_when_a_script_starts(run):
    assert run(script="import os; print(len(os.listdir('/proc/self/task')))").lines == ["1"]


def test_the_working_folder_is_the_jobs_home(run):
    ran = run(script="import os; print(os.getcwd()); open('litter', 'w').close()")
    assert ran.lines == ["/opt/ml/.home"]
    assert (ran.root / ".home/litter").exists()


def test_standard_input_is_empty(run):
    assert run(script="import sys; print(repr(sys.stdin.read()))").lines == ["''"]


def test_an_exception_prints_its_traceback_without_our_frames_and_exits_1(run):
    ran = run(script="def f():\n    raise ValueError('no')\nf()")
    assert ran.code == 1
    assert ran.lines == [
        "Traceback (most recent call last):",
        '  File "/opt/ml/script.py", line 3, in <module>',
        "    f()",
        '  File "/opt/ml/script.py", line 2, in f',
        "    raise ValueError('no')",
        "ValueError: no",
    ]


def test_a_script_with_a_syntax_error_exits_1(run):
    ran = run(script="def")
    assert ran.code == 1
    assert ran.lines[-1] == "SyntaxError: invalid syntax"


def test_a_missing_script_exits_2(run):
    ran = run("python3", "/opt/ml/nothing.py")
    assert ran.code == 2
    assert "can't open file '/opt/ml/nothing.py'" in ran.lines[0]


@pytest.mark.parametrize(
    ("statement", "code"),
    [("sys.exit()", 0), ("sys.exit(3)", 3), ("sys.exit(-1)", 255), ("sys.exit('gone wrong')", 1)],
)
def test_exit_codes_are_honoured(run, statement, code):
    assert run(script=f"import sys\n{statement}").code == code


def test_the_text_of_an_exit_is_printed(run):
    assert run(script="import sys; sys.exit('gone wrong')").lines == ["gone wrong"]


def test_what_was_not_flushed_is_written_at_the_end(run):
    ran = run(
        script="""
        import atexit, gzip, threading, time
        kept = open("/opt/ml/kept", "w")
        kept.write("text")
        packed = gzip.open("/opt/ml/packed.gz", "wb")
        packed.write(b"bytes")
        atexit.register(print, "the end")
        threading.Thread(target=lambda: (time.sleep(0.1), print("a thread"))).start()
        print("no newline", end="")
        """
    )
    assert ran.code == 0
    assert (ran.root / "kept").read_text() == "text"
    assert (ran.root / "packed.gz").stat().st_size > 20
    assert ran.lines == ["no newlinea thread", "the end"]


def test_each_job_has_its_own_random_seed(run):
    script = "import random, numpy; print(random.random(), numpy.random.rand())"
    (first,), (second,) = run(script=script).lines, run(script=script).lines
    assert all(a != b for a, b in zip(first.split(), second.split(), strict=True))


def test_a_module_runs_as_main(run):
    ran = run("python3", "-m", "json.tool", "--help")
    assert ran.code == 0
    assert ran.lines[0].startswith("usage:")


def test_text_runs_as_main(run):
    assert run("python3", "-c", "import sys; print(sys.argv)", "x").lines == ["['-c', 'x']"]


def test_a_pickled_class_of_main_comes_back(run):
    ran = run(script="import pickle\nclass A: x = 1\nprint(pickle.loads(pickle.dumps(A())).x)")
    assert ran.lines == ["1"]


def test_processes_started_by_a_script_find_the_same_python(run):
    ran = run(script="import subprocess; subprocess.run(['python3', '-c', 'import sys; print(sys.prefix)'])")
    assert ran.lines == [sys.prefix]


def test_any_other_command_is_executed(run):
    ran = run("sh", "-c", "echo $GREETING; exit 7", environment={"GREETING": "hello"})
    assert (ran.code, ran.lines) == (7, ["hello"])


def test_a_missing_command_exits_127_as_a_container_does(run):
    ran = run("no-such-command")
    assert (ran.code, ran.lines) == (127, ['exec: "no-such-command": executable file not found'])


def test_interpreter_flags_and_start_variables_take_a_python_of_their_own(run):
    assert run("python3", "-O", "-c", "print(__debug__)").lines == ["False"]
    ran = run("python3", "-c", "print(hash('a'))", environment={"PYTHONHASHSEED": "0"})
    again = run("python3", "-c", "print(hash('a'))", environment={"PYTHONHASHSEED": "0"})
    assert ran.lines == again.lines


@pytest.mark.parametrize(
    ("command", "environment", "script"),
    [
        (["python3", "a.py", "-x"], {}, ("a.py", "-x")),
        (["/opt/conda/bin/python", "-u", "a.py"], {}, ("a.py",)),
        (["python3.9", "-m", "pip", "list"], {"PYTHONUNBUFFERED": "1"}, ("-m", "pip", "list")),
        (["python3", "-W", "error", "a.py"], {}, None),
        (["python3"], {}, None),
        (["python3", "-m"], {}, None),
        (["python3", "a.py"], {"OMP_NUM_THREADS": "1"}, None),
        (["python3", "/"], {}, None),
        (["bash", "a.sh"], {}, None),
    ],
)
def test_what_a_fork_can_run_and_what_takes_an_exec(command, environment, script):
    assert script_of(command, environment) == script
