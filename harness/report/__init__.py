"""The report: one page that tells what the journal knows."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from harness.model import Json
from harness.report import words
from harness.report.collect import collect
from harness.report.facts import Run, Step
from harness.report.picture import draw
from harness.report.redact import redact, redact_text

__all__ = ["render"]

_PAGES = Environment(
    loader=PackageLoader("harness.report"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(
    records: list[Json],
    title: str,
    failure: str = "",
    *,
    accounts: Mapping[str, str] | None = None,
    checked: bool = True,
) -> str:
    """One self-contained HTML page about a journal's records.

    `failure`: the text of what went wrong, empty where nothing did. `accounts`: names by id, in the lanes' order.
    `checked` False: nobody expected anything of these records, so the page says neither passed nor failed.
    """
    names = dict(accounts or {})
    story = collect(redact(records))
    verdict = ("failed" if failure else "passed") if checked or failure else ""
    page = _PAGES.get_template("page.html.j2")
    return page.render(
        title=title,
        verdict=verdict,
        failure=_sentences(redact_text(failure)),
        story=story,
        panels=draw(story, names),
        account=lambda number: names.get(number, number or "nobody"),
        words=words,
        percent=_percent,
    )


def _sentences(failure: str) -> list[tuple[str, str]]:
    """A failed expectation as its three parts; any other failure as one without a name."""
    parts: list[tuple[str, str]] = []
    for line in failure.splitlines():
        name, _, rest = line.partition(":")
        if name in ("expected", "instead", "why"):
            parts.append((name, rest.strip()))
        elif parts:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]}\n{line.removeprefix(' ' * 10)}")
        else:
            parts.append(("", line))
    return parts


def _percent(run: Run, step: Step) -> tuple[str, str]:
    """Where a step's bar begins and how long it is, in percent of its run."""
    end = max([run.ended or run.began, *(one.ended or one.began for one in run.steps)])
    whole = (end - run.began).total_seconds() or 1.0
    left = (step.began - run.began).total_seconds() / whole * 100
    length = ((step.ended or end) - step.began).total_seconds() / whole * 100
    return f"{min(left, 99.2):.2f}", f"{max(length, 0.8):.2f}"
