"""A private file system per job: its own /opt/ml and /tmp, with nothing written to the host's /opt.

The warm parent enters namespaces once (`enter`); each job takes a copy of its mount namespace (`enter_job`).
Standard library only: this runs before anything heavy is imported, and in a forked child.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterable
from functools import partial

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_RELATIME = 0x200000
ST_RELATIME = 0x1000
# statvfs(3) and mount(2) have the same numbers for these: no suid, no devices, no programs, no access times.
SAME_FLAGS = 0x2 | 0x4 | 0x8 | 0x400 | 0x800
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

OPT = "/opt"
OPT_ML = "/opt/ml"

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def _unshare(flags: int) -> None:
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    arguments = [source.encode(), target.encode(), kind.encode()]
    _check(_libc.mount(*arguments, ctypes.c_ulong(flags), data.encode()), f"mount {source} on {target}")


def die_with_parent() -> None:
    """The kernel kills this process when its parent goes, however that ends. Linux only."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def adopt_orphans() -> None:
    """Descendants that lose their parent become this process' children, so that it can find them."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _join_user_namespace(uid: int, gid: int) -> None:
    """Same ids inside as outside: a job sees its user as itself, and owns what it writes."""
    with open("/proc/self/setgroups", "w") as file:
        file.write("deny")
    with open("/proc/self/uid_map", "w") as file:
        file.write(f"{uid} {uid} 1")
    with open("/proc/self/gid_map", "w") as file:
        file.write(f"{gid} {gid} 1")


# Tried in this order. A process namespace of its own makes the kernel kill every job with the parent; it
# needs a /proc of its own, which a container with a masked /proc refuses. Root needs no user namespace.
ATTEMPTS = (
    CLONE_NEWNS | CLONE_NEWPID,
    CLONE_NEWNS,
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
    CLONE_NEWUSER | CLONE_NEWNS,
)


def enter(flags: int) -> None:
    """Puts this process in namespaces of its own, with a place for /opt/ml.

    With CLONE_NEWPID the caller goes on as a new process, the first of its namespace; the one before waits
    for it and exits as it did.
    """
    uid, gid = os.getuid(), os.getgid()
    _unshare(flags)
    if flags & CLONE_NEWUSER:
        _join_user_namespace(uid, gid)
    if flags & CLONE_NEWPID:
        _continue_as_first_process()
    _mount("none", "/", "", MS_REC | MS_PRIVATE)
    if flags & CLONE_NEWPID:
        _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    if not os.path.isdir(OPT_ML):
        cover(OPT, keep=os.listdir(OPT))
        os.mkdir(OPT_ML)


def _continue_as_first_process() -> None:
    child = os.fork()
    if child:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
    die_with_parent()


def probe(attempts: Iterable[int] = ATTEMPTS) -> tuple[int | None, str]:
    """The first of the attempts that works here, or None and why not. Tried in processes apart."""
    reason = f"{sys.platform} has no namespaces"
    for flags in attempts if sys.platform == "linux" else ():
        reason = _run_apart(partial(enter, flags))
        if not reason:
            return flags, ""
    return None, reason


def _run_apart(action: Callable[[], None]) -> str:
    """Runs an action in a forked process. What went wrong, or an empty string."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            action()
            os.write(writer, b"ok")
        except OSError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return "" if answer == "ok" else answer or "the probe died"


def enter_job(root: str | None, keep: Iterable[str]) -> None:
    """Gives this process, and all it starts, their own mounts: `root` at /opt/ml and an empty /tmp.

    `keep`: paths that must stay visible although they lie under /tmp (the interpreter, the program).
    """
    _unshare(CLONE_NEWNS)
    if root is None:
        return
    _mount(root, OPT_ML, "", MS_BIND | MS_REC)
    cover("/tmp", keep={path.split("/")[2] for path in keep if path.startswith("/tmp/")})
    os.chmod("/tmp", 0o1777)


def make_read_only(folder: str) -> None:
    """For this process and all it starts. A user namespace may not lift the file system's own restrictions."""
    own = os.statvfs(folder).f_flag
    kept = own & SAME_FLAGS | (MS_RELATIME if own & ST_RELATIME else 0)
    _mount(folder, folder, "", MS_BIND)
    _mount("none", folder, "", MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def cover(directory: str, keep: Iterable[str]) -> None:
    """Mounts an empty tmpfs over a directory and puts back these of its entries, as they were."""
    below = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _mount("tmpfs", directory, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
        for name in keep:
            # The descriptor still leads to the covered directory; a bind needs a path, and this is one.
            _put_back(f"/proc/self/fd/{below}/{name}", f"{directory}/{name}")
    finally:
        os.close(below)


def _put_back(source: str, target: str) -> None:
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
        return
    if os.path.isdir(source):
        os.mkdir(target)
    else:
        with open(target, "x"):
            pass
    _mount(source, target, "", MS_BIND | MS_REC)


def mount_namespace(pid: int | str) -> str | None:
    """What tells a process' mount namespace from another; None when the process is gone."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return None


def children(pid: int) -> list[int]:
    """A process' children, orphans it adopted among them. Empty where the kernel does not tell."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []
