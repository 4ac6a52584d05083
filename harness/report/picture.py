"""The story as a picture: what stands in which lane, how it looks, and the arrows between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from harness.report.arrows import Arrow, Link, arrows
from harness.report.facts import Delivery, Happening, Mail, Refusal, Run, Story, Version
from harness.report.spacing import Item
from harness.report.timeline import Line, lay_out
from harness.report.words import kind_of, short, tail, tone

RUNS, RULES, MARKS = range(3)
_LETTER = 7.1  # a character's width at the labels' size, in a wide font
_LONGEST = 28
_VERSION = {"PendingManualApproval": "pending"}


@dataclass(frozen=True)
class Shape:
    """A run's bar or a mark. `icon` names a symbol of the page; `hint` is shown under the pointer."""

    key: str
    form: str  # bar, rule, mark
    tone: str
    icon: str
    label: str
    hint: str
    link: str = ""


@dataclass(frozen=True)
class Panel:
    """A line of the timeline with everything drawn on it."""

    line: Line
    shapes: tuple[Shape, ...]
    arrows: tuple[Arrow, ...]


class _Drawing:
    def __init__(self, story: Story) -> None:
        self.story = story
        self.end = story.ended or datetime.min
        self.items: dict[str, Item] = {}
        self.shapes: list[Shape] = []
        self.links: list[Link] = []
        pipelines = {run.pipeline for run in story.runs}
        rules = {tail(delivery.rule) for delivery in story.deliveries}
        self.names = {**short(rules, pipelines), **short(pipelines, rules, ends=True)}

    def put(self, shape: Shape, lane: str, band: int, start: datetime, end: datetime | None = None) -> None:
        width = 36 + len(shape.label) * _LETTER
        self.items[shape.key] = Item(shape.key, lane, band, start, end or start, width)
        self.shapes.append(shape)

    def run(self, run: Run) -> None:
        label = f"#{run.number} {_cut(self.names[run.pipeline])}"
        hint = f"{run.pipeline} {tail(run.arn)}: {run.status} {run.reason}".rstrip()
        shape = Shape(
            _run(run.number), "bar", tone(run.status), tone(run.status), label, hint, f"run-{run.number}"
        )
        self.put(shape, run.account, RUNS, run.began, run.ended or max(run.began, self.end))

    def mail(self, mail: Mail) -> None:
        hint = f"{mail.subject} to {mail.to}"
        shape = Shape(f"mail-{mail.n}", "mark", "mail", "mail", _cut(mail.to.split("@")[0]), hint, "mails")
        self.put(shape, mail.account, MARKS, mail.time)

    def delivery(self, delivery: Delivery) -> None:
        rule = self.rule(delivery)
        colour = "bad" if delivery.status == "failed" else "plain"
        reached = [_run(delivery.run)] if delivery.run else [f"mail-{mail.n}" for mail in delivery.mails]
        if not reached:
            reached = [f"delivery-{delivery.n}"]
            what = f"{kind_of(delivery.target)} {_cut(tail(delivery.target))}".strip()
            hint = f"{delivery.target}: {delivery.status} {delivery.reason}".rstrip()
            icon = "bad" if colour == "bad" else "target"
            shape = Shape(reached[0], "mark", colour, icon, what, hint, f"delivery-{delivery.n}")
            self.put(shape, delivery.account, MARKS, delivery.time)
        self.links += [Link(rule, key, colour) for key in reached]

    def rule(self, delivery: Delivery) -> str:
        """The rule's mark, drawn once for an event, with the arrow that comes from the event's run."""
        event = delivery.event
        key = f"rule-{delivery.rule}-{event.id if event else delivery.n}"
        if key not in self.items:
            name = tail(delivery.rule)
            icon = "clock" if event and event.is_schedule else "bolt"
            hint = f"rule {name}: {_what(event)}"
            shape = Shape(key, "rule", "rule", icon, _cut(self.names[name]), hint, f"delivery-{delivery.n}")
            self.put(shape, delivery.account, RULES, event.time if event else delivery.time)
            if event and event.run:
                self.links.append(Link(_run(event.run), key, "plain", after=True))
        return key

    def version(self, version: Version) -> None:
        for change in version.changes:
            key = f"version-{change.n}"
            icon = "box" if tone(change.status) == "wait" else tone(change.status)
            label = f"{version.label} {_VERSION.get(change.status, change.status.lower())}"
            hint = f"{version.name}: {change.status}" + (f", by {change.by}" if change.by else "")
            shape = Shape(key, "mark", tone(change.status), icon, label, hint, "versions")
            self.put(shape, version.account, MARKS, change.time)
        if version.registered_by:
            self.links.append(Link(_run(version.registered_by), f"version-{version.changes[0].n}", "quiet"))

    def refusal(self, number: int, refusal: Refusal) -> None:
        times = f" ×{refusal.count}" if refusal.count > 1 else ""
        label = _cut(f"{refusal.service}:{refusal.operation}") + times
        what = "would be denied" if refusal.passed else "refused"
        reason = refusal.lesson.cause if refusal.lesson else refusal.error
        hint = f"{what}: {refusal.principal} {refusal.service}:{refusal.operation}: {reason}"
        tone = "wait" if refusal.passed else "bad"
        shape = Shape(f"refusal-{number}", "mark", tone, "denied", label, hint, "refusals")
        self.put(shape, refusal.account, MARKS, refusal.time)


def draw(story: Story, accounts: Mapping[str, str]) -> list[Panel]:
    """`accounts`, names by id, gives the lanes' order too."""
    drawing = _Drawing(story)
    for run in story.runs:
        drawing.run(run)
    for mail in story.mails:
        drawing.mail(mail)
    for delivery in story.deliveries:
        drawing.delivery(delivery)
    for version in story.versions:
        drawing.version(version)
    for number, refusal in enumerate(story.refusals):
        if refusal.denied:
            drawing.refusal(number, refusal)
    lanes = list(dict.fromkeys([*accounts, *(item.lane for item in drawing.items.values())]))
    return [
        Panel(
            line,
            tuple(shape for shape in drawing.shapes if shape.key in line.boxes),
            tuple(arrows(drawing.links, line.boxes)),
        )
        for line in lay_out(drawing.items.values(), lanes, story.jumps)
    ]


def _run(number: int | None) -> str:
    return f"run-{number}"


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


def _what(event: Happening | None) -> str:
    return f"{event.type} {event.status}".rstrip() if event else "an event from before the first record"
