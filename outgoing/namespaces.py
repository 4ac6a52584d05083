"""Puts this process, and all that it starts, where nothing leads out but what we read. Linux only."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

# Names are asked of an address out there: a resolver on loopback (systemd-resolved's 127.0.0.53), or behind a Unix
# socket, would take the question out of the machine unseen. One short attempt, for nobody answers.
RESOLVER = "nameserver 192.0.2.53\noptions timeout:1 attempts:1\n"
HOSTS = "hosts: files myhostname dns"


def enter(folder: Path) -> None:
    """A network namespace and a mount namespace of this process' own; also a user namespace, where not root.

    This process then has every capability in them; what it starts has the user and the rights that it has now.
    `folder` is for files that stand in for others', and stays as long as anything runs in there.
    Raises OSError, with the step that is not permitted.
    """
    if sys.platform != "linux":
        raise OSError(f"{sys.platform} has no network namespaces")
    uid, gid = os.getuid(), os.getgid()
    try:
        _unshare(CLONE_NEWNS | CLONE_NEWNET)
    except PermissionError:
        _unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET)
        _keep_the_user(uid, gid)
    _mount("none", "/", MS_REC | MS_PRIVATE)
    _replace(Path("/etc/resolv.conf"), folder, RESOLVER)
    switch = Path("/etc/nsswitch.conf")
    if switch.exists():
        _replace(switch, folder, names_by_dns(switch.read_text()))


def names_by_dns(nsswitch: str) -> str:
    """The name service switch (nsswitch.conf(5)) with host names looked up in files and by DNS only."""
    kept = [line for line in nsswitch.splitlines() if not re.match(r"\s*hosts\s*:", line)]
    return "\n".join([*kept, HOSTS, ""])


def _keep_the_user(uid: int, gid: int) -> None:
    """Same ids inside as outside. The kernel wants setgroups given up before a group is mapped."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _replace(path: Path, folder: Path, text: str) -> None:
    """Another file's text at this path, in this mount namespace only."""
    (folder / path.name).write_text(text)
    _mount(str(folder / path.name), str(path), MS_BIND)


_libc = ctypes.CDLL(None, use_errno=True)


def _unshare(flags: int) -> None:
    # os.unshare is Python 3.12's.
    _check(_libc.unshare(ctypes.c_int(flags)), "namespaces of its own")


def _mount(source: str, target: str, flags: int) -> None:
    arguments = [source.encode(), target.encode(), b"", ctypes.c_ulong(flags), None]
    _check(_libc.mount(*arguments), f"a mount on {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
