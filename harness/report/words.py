"""How times, spans and names read on the page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

_TONES = {
    "ok": ("Succeeded", "Completed", "Approved", "delivered"),
    "bad": ("Failed", "failed", "Rejected"),
    "wait": ("Executing", "Starting", "InProgress", "Stopping", "PendingManualApproval", "Pending"),
}
_TONE = {status: tone for tone, statuses in _TONES.items() for status in statuses}


def tone(status: str) -> str:
    """ok, bad, wait; idle for what neither went well nor badly (Stopped, Deleted)."""
    return _TONE.get(status, "idle")


def clock(moment: datetime | None) -> str:
    return f"{moment:%H:%M:%S}" if moment else "–"


def day(moment: datetime | None) -> str:
    return f"{moment.day} {moment:%b}" if moment else "–"


def span(length: timedelta | None) -> str:
    """A length of time in its two largest units: `85 ms`, `1.4 s`, `13 h 59 min`, `2 d 14 h`."""
    if length is None:
        return "–"
    seconds = max(0.0, length.total_seconds())
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d", f"{hours} h", f"{minutes} min", f"{rest} s"]
    first = next(i for i, part in enumerate(parts) if not part.startswith("0 "))
    return " ".join(part for part in parts[first : first + 2] if not part.startswith("0 "))


def about(length: timedelta) -> str:
    """A length of time in one unit: `14 h`."""
    for unit, seconds in {"d": 86400, "h": 3600, "min": 60}.items():
        count = length.total_seconds() / seconds
        if count >= 0.97:
            return f"{round(count)} {unit}"
    return f"{round(length.total_seconds())} s"


def tail(arn: str) -> str:
    """What an ARN names, without the way there: a function, a rule, a topic, a job."""
    return arn.rsplit(":", 1)[-1].rsplit("/", 1)[-1] if arn.startswith("arn:") else arn


def account_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""


def kind_of(arn: str) -> str:
    """The service that an ARN's thing belongs to, as people call its thing: `pipeline`, `topic`, `function`."""
    parts = arn.split(":")
    if len(parts) < 6:
        return ""
    named = {"sns": "topic", "sqs": "queue", "lambda": "function", "logs": "log group"}
    return named.get(parts[2]) or parts[5].split("/")[0]


def principal(arn: str) -> str:
    """Who called, without the session's name: `role mammo-execution-role`, `user administrator`, a service."""
    if not arn.startswith("arn:"):
        return arn or "unknown"
    kind, _, rest = arn.split(":", 5)[-1].partition("/")
    if kind == "assumed-role":
        return f"role {rest.split('/')[0]}"
    return f"{kind} {rest}".strip()


def short(names: Collection[str], among: Collection[str] = (), *, ends: bool = False) -> dict[str, str]:
    """Names without the words that they and those `among` which they stand all begin with; `ends`: or end with."""
    words = {name: name.split("-") for name in {*names, *among}}
    most = min((len(parts) for parts in words.values()), default=1) - 1
    head = _shared(list(words.values()), most) if len(words) > 1 else 0
    own = [words[name][head:][::-1] for name in names]
    last = _shared(own, min(map(len, own)) - 1) if ends and len(own) > 1 else 0
    return {name: "-".join(words[name][head : len(words[name]) - last]) for name in names}


def _shared(rows: list[list[str]], most: int) -> int:
    count = 0
    while count < most and len({row[count] for row in rows}) == 1:
        count += 1
    return count
