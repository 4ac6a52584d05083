"""Makes a forked child behave like a freshly started `python`: what a job's script sees of the interpreter.

What a fork can't imitate (interpreter flags, variables read when a library starts) is exec'd.
"""

from __future__ import annotations

import atexit
import builtins
import ctypes
import gc
import importlib.machinery
import io
import os
import random
import re
import runpy
import signal
import sys
import tempfile
import threading
import time
import types
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TextIO

PYTHON = re.compile(r"(?:.*/)?python(?:3(?:\.\d+)?)?")
# Flags that change nothing here: output is flushed by line, and a throwaway directory keeps no bytecode.
HARMLESS_FLAGS = frozenset({"-u", "-B"})
# Read once, when an interpreter or a numerical library starts: the fork is too late for them.
START_VARIABLES = re.compile(r"(OMP|OPENBLAS|MKL|KMP|GOTO|LD)_.*|PYTHON.*")
HARMLESS_VARIABLES = frozenset(
    {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PYTHONPATH"}
)
# What keeps a Python away from AWS (see there); a forked one has inherited it.
SITE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "site")
# Exit codes as a container's engine gives them.
CANNOT_RUN, NOT_FOUND = 126, 127


def script_of(command: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The script, -m or -c and their arguments, if a fork can run them; None when it takes an exec."""
    if not PYTHON.fullmatch(command[0]):
        return None
    if any(START_VARIABLES.fullmatch(name) for name in environment.keys() - HARMLESS_VARIABLES):
        return None
    rest = list(command[1:])
    while rest and rest[0] in HARMLESS_FLAGS:
        rest.pop(0)
    if not rest or (rest[0] in ("-m", "-c") and len(rest) < 2):
        return None
    if rest[0].startswith("-") and rest[0] not in ("-m", "-c"):
        return None
    return None if os.path.isdir(rest[0]) else tuple(rest)


def execute(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Replaces this process by the command, looked up in the environment's own PATH."""
    # CPython ignores these two; other programs expect the default.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    # The image's Python is ours, wherever the image would have put it.
    program = sys.executable if PYTHON.fullmatch(command[0]) else command[0]
    try:
        path = filter(None, (SITE, environment.get("PYTHONPATH")))
        os.execvpe(program, list(command), {**environment, "PYTHONPATH": os.pathsep.join(path)})
    except FileNotFoundError:
        leave(f'exec: "{command[0]}": executable file not found', NOT_FOUND)
    except OSError as error:
        leave(f'exec: "{command[0]}": {error.strerror}', CANNOT_RUN)


def leave(message: str, code: int) -> NoReturn:
    os.write(2, f"{message}\n".encode())
    os._exit(code)


def run(script: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Runs a script, -m module or -c text as __main__, then exits as the interpreter would."""
    _reset(environment)
    main = _fresh_main()
    code = 0
    try:
        if script[0] == "-m":
            sys.argv = [script[1], *script[2:]]
            sys.path.insert(0, os.getcwd())
            runpy.run_module(script[1], run_name="__main__", alter_sys=True)
        elif script[0] == "-c":
            sys.argv = ["-c", *script[2:]]
            sys.path.insert(0, "")
            exec(compile(script[1], "<string>", "exec"), main.__dict__)
        else:
            _run_file(script, main)
    except SystemExit as stop:
        code = _exit_code(stop)
    except KeyboardInterrupt:
        _print_traceback()
        code = 128 + signal.SIGINT
    except BaseException:  # noqa: BLE001 - whatever a script lets out ends it, as in any interpreter
        _print_traceback()
        code = 1
    _finish(main, code)


def _run_file(script: Sequence[str], main: types.ModuleType) -> None:
    path = script[0]
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        leave(f"python3: can't open file '{path}': [Errno {error.errno}] {error.strerror}", 2)
    sys.argv = list(script)
    sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    main.__file__ = path
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    exec(compile(source, path, "exec"), main.__dict__)


def _reset(environment: Mapping[str, str]) -> None:
    """Takes away what the parent was, and what it seeded, cached or read from its own environment."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for name in [name for name in sys.modules if name == "harness" or name.startswith("harness.")]:
        del sys.modules[name]
    sys.path[:] = [*environment.get("PYTHONPATH", "").split(os.pathsep), *sys.path]
    sys.path[:] = [entry for entry in sys.path if entry]
    sys.path_importer_cache.clear()
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 - stays open as long as the process
    sys.stdout = _stream(1, "strict")
    sys.stderr = _stream(2, "backslashreplace")
    vars(sys).update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)
    tempfile.tempdir = None
    random.seed()
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _stream(descriptor: int, errors: str) -> TextIO:
    # By line, so that logs come as they are written; AWS's images set PYTHONUNBUFFERED for the same reason.
    return open(descriptor, "w", encoding="utf-8", errors=errors, buffering=1, closefd=False)


def _fresh_main() -> types.ModuleType:
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __annotations__={}, __spec__=None)
    sys.modules["__main__"] = main
    return main


def _exit_code(stop: SystemExit) -> int:
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    print(stop.code, file=sys.stderr)
    return 1


def _print_traceback() -> None:
    """Through sys.excepthook, as the script may have set it, and without our own frames."""
    kind, error, trace = sys.exc_info()
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    if kind is not None and error is not None:
        error.__traceback__ = trace
        sys.excepthook(kind, error, trace)


def _finish(main: types.ModuleType, code: int) -> NoReturn:
    """Ends as an interpreter does: threads joined, exit functions run, every open file flushed.

    The interpreter's own way to end frees each imported library, which takes 0.4 s with pandas and xgboost.
    """
    shutdown_threads: Any = getattr(threading, "_shutdown")  # noqa: B009 - the interpreter's own, untyped
    run_exit_functions: Any = getattr(atexit, "_run_exitfuncs")  # noqa: B009
    shutdown_threads()
    run_exit_functions()
    if threading.active_count() == 1:  # daemon threads may still use them
        main.__dict__.clear()
        gc.collect()
    for thing in gc.get_objects():
        if isinstance(thing, io.TextIOWrapper | io.BufferedWriter | io.BufferedRandom):
            _flush(thing)
    _flush(sys.stdout)
    _flush(sys.stderr)
    ctypes.CDLL(None).fflush(None)
    os._exit(code)


def _flush(file: Any) -> None:
    try:
        if not file.closed:
            file.flush()
    except (OSError, ValueError):
        pass  # a pipe nobody reads, a file closed underneath: nothing is left to save
