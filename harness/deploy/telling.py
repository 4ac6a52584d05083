"""Says what a deployment finds and does: for people, one JSON object a line, or a page for a pull request."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text

from harness.deploy.model import Change, Finding
from harness.model import HarnessError

_SIGNS = {"created": "+", "updated": "~", "replaced": "±", "deleted": "-", "unchanged": " "}
_STYLES = {"created": "green", "updated": "yellow", "replaced": "yellow", "deleted": "red"}
# A diff may itself have lines of three.
_FENCE = "````"
# Of a comment. Source: the API's refusal, "body is too long (maximum is 65536 characters)".
_MAX_CHARACTERS = 65_536
_CUT = "\n**The rest is left out: a comment on GitHub may have 65,536 characters. The build's log has all of it.**\n"


@dataclass
class Telling:
    """Says things, and keeps what was said for the page.

    Attributes:
        as_json: One JSON object a line, for a program.
        plan: Whether what is told of would be done, and is not.
        doing: What is told of.
    """

    as_json: bool = False
    plan: bool = False
    doing: str = "deployment"
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    counts: Counter[str] = field(default_factory=Counter)
    page: list[str] = field(default_factory=list)

    def heading(self, text: str) -> None:
        self.page += ["", f"### {text}", ""]
        if not self.as_json:
            self.console.print(Text(f"\n{text}", style="bold"))

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Shows on a terminal that something goes on."""
        if self.as_json or not self.console.is_terminal:
            yield
            return
        with self.console.status(what):
            yield

    def line(self, text: str, style: str = "") -> None:
        """What went wrong is `red`, and what is to be noted `yellow`: both are on the page, too."""
        if style == "red":
            self.page += ["", _FENCE, text, _FENCE]
        elif style == "yellow":
            self.page.append(f"- {text}")
        if self.as_json:
            self._json(said=text)
        else:
            self.console.print(Text(f"  {text}", style=style))

    def finding(self, found: Finding) -> None:
        self.page.append(f"- **{found.level}** ({found.check}): {found.problem}. {found.fix}")
        if self.as_json:
            self._json(finding=asdict(found))
            return
        where = f"{found.account}: " if found.account else ""
        style = "red" if found.level == "error" else "yellow"
        self.console.print(Text(f"  {found.level}: {where}{found.problem}", style=style))
        self.console.print(Text(f"    fix: {found.fix}"))

    def changes(self, stage: str, changes: Iterable[Change], text: str = "") -> None:
        """What happens in one place; `text`, which tells all of it, is shown in a plan instead of their own diffs."""
        changes = list(changes)
        self.counts.update(change.action for change in changes)
        places = ", ".join(sorted({change.place for change in changes}))
        for change in changes:
            if self.as_json:
                self._json(stage=stage, **asdict(change))
            elif change.action != "unchanged":
                sign = Text(f"  {_SIGNS[change.action]} ", style=_STYLES[change.action])
                # A Terraform address has its type in it.
                kind = "" if change.kind.startswith("aws_") else f"{change.kind} "
                self.console.print(
                    sign, Text(f"{change.place}: {kind}{change.name}: {change.action}"), sep=""
                )
        if text and self.plan and self.as_json:
            self._json(stage=stage, place=places, diff=text)
        if not self.plan:
            done = [change for change in changes if change.action != "unchanged"]
            self.page += [f"- {change.place}: {change.name}: {change.action}" for change in done]
        diff = text or "\n".join(change.diff for change in changes if change.diff)
        if diff and self.plan:
            self._diff(diff, places)
        same = sum(change.action == "unchanged" for change in changes)
        if same and not self.as_json:
            self.console.print(Text(f"    {places}: {same} unchanged", style="dim"))

    def _diff(self, diff: str, places: str) -> None:
        summary = f"<details><summary>{places}</summary>"
        self.page += [summary, "", f"{_FENCE}diff", diff, _FENCE, "", "</details>"]
        if not self.as_json:
            for line in diff.splitlines():
                style = {"+": "green", "-": "red", "~": "yellow"}.get(line.strip()[:1], "")
                self.console.print(Text(f"      {line}", style=style))

    def summary(self) -> str:
        """What was done, or would be."""
        done = {action: n for action, n in self.counts.items() if action != "unchanged"}
        if not done:
            return "nothing to change: everything is as it should be"
        counted = ", ".join(f"{n} {action}" for action, n in done.items())
        return f"a {self.doing} would change this: {counted}" if self.plan else f"done: {counted}"

    def end(self, target: str, well: bool) -> None:
        text = self.summary() if well else self._broken_off()
        self.page = [f"## Deployment to {target}: {text}", *self.page]
        if self.as_json:
            self._json(target=target, ok=well, summary=text, counts=dict(self.counts))
        else:
            mark, style = ("✓", "green") if well else ("✗", "red")
            self.console.print(Text(f"\n{mark} {target}: {text}", style=style))

    def _broken_off(self) -> str:
        nothing = self.plan or not self.counts.keys() - {"unchanged"}
        return "nothing was changed" if nothing else "it broke off; do it again when mended"

    def write(self, file: Path) -> None:
        """The page, in GitHub's Markdown, as long as a comment may be. Raises HarnessError."""
        try:
            file.write_text(_cut("\n".join(_without_empty_sections(self.page)) + "\n"), encoding="utf-8")
        except OSError as error:
            raise HarnessError(f"{file} cannot be written: {error.strerror}") from error

    def _json(self, **told: object) -> None:
        print(json.dumps(told), flush=True)


def _without_empty_sections(page: list[str]) -> Iterator[str]:
    """The page without headings that nothing follows."""
    for at, line in enumerate(page):
        following = next((other for other in page[at + 1 :] if other), "### ")
        if not (line.startswith("### ") and following.startswith("### ")):
            yield line


def _cut(page: str) -> str:
    """A page without the end that a comment has no room for; what was begun is ended."""
    if len(page) <= _MAX_CHARACTERS:
        return page
    fence, details = f"{_FENCE}\n", "\n</details>\n"
    kept = page[: _MAX_CHARACTERS - len(fence + details + _CUT)]
    kept = kept[: kept.rfind("\n") + 1]
    in_fence = kept.count(f"\n{_FENCE}") % 2
    in_details = kept.rfind("\n<details>") > kept.rfind("\n</details>")
    return kept + fence * in_fence + details * in_details + _CUT
