"""The Groovy that a declarative Jenkinsfile is written in: calls, named arguments, blocks, strings. Pure.

PyPI has whole grammars of Groovy (groovy-parser, tree-sitter-groovy), but what Jenkins makes of the tree is not theirs,
and the part of the language that declarative pipelines are made of is this small.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from harness.model import HarnessError


class JenkinsfileError(HarnessError):
    """A Jenkinsfile says something that is wrong, or that is not known here; with the line that says it."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"Jenkinsfile, line {line}: {problem}")


@dataclass(frozen=True)
class Reference:
    """`params.NAME` or `env.NAME`: `scope` is one of these two."""

    scope: str
    name: str
    line: int = field(compare=False)


@dataclass(frozen=True)
class Text:
    """A string: what stands in it, and what it refers to."""

    parts: tuple[str | Reference, ...]

    def filled(self, params: Mapping[str, str], env: Mapping[str, str]) -> str:
        """The string itself. What there is not is `null`, as Groovy writes it."""
        scopes = {"params": params, "env": env}
        return "".join(p if isinstance(p, str) else scopes[p.scope].get(p.name, "null") for p in self.parts)


@dataclass(frozen=True)
class Word:
    """A bare name, as in `agent any`."""

    name: str


Value = Text | Word | bool | int | tuple["Value", ...]


@dataclass(frozen=True)
class Assignment:
    name: str
    value: Value
    line: int


@dataclass(frozen=True)
class Call:
    """`name(unnamed, key: named) { block }`; each part but the name may be missing."""

    name: str
    unnamed: tuple[Value, ...]
    named: Mapping[str, Value]
    block: tuple[Statement, ...] | None
    line: int


Statement = Assignment | Call


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


_TOKENS = re.compile(
    r"""(?P<space>[ \t\r]+|//[^\n]*|/\*.*?\*/)
      | (?P<end>[\n;])
      | (?P<string>'''(?:\\.|[^\\])*?'''|\"""(?:\\.|[^\\])*?\"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
      | (?P<number>\d+\b)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>[{}()\[\],:=.])""",
    re.VERBOSE | re.DOTALL,
)
_INTERPOLATED = re.compile(
    r"\$\{\s*(?P<scope>\w+)\.(?P<name>\w+)\s*\}|\\(?P<escape>u[0-9A-Fa-f]{4}|.)|\$", re.DOTALL
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}
_LITERAL = tuple("\\'\"$")
_WORDS: dict[str, Value] = {"true": True, "false": False}


def parse(text: str) -> tuple[tuple[Statement, ...], tuple[Reference, ...]]:
    """Answers a script's statements, and everything that it refers to. Raises JenkinsfileError."""
    parser = _Parser(list(_tokens(text)))
    return parser.statements("the end of the file"), tuple(parser.references)


def _tokens(text: str) -> Iterator[_Token]:
    position, line = 0, 1
    while position < len(text):
        match = _TOKENS.match(text, position)
        if not match:
            raise JenkinsfileError(line, f"{text[position:].splitlines()[0]!r} is not known here")
        if match.lastgroup != "space":
            yield _Token(str(match.lastgroup), match[0], line)
        line += match[0].count("\n")
        position = match.end()
    yield _Token("end", "the end of the file", line)


class _Parser:
    """Recursive descent over the tokens; a line's end matters, save within parentheses and after a comma."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self.references: list[Reference] = []

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return self._tokens[self._at - 1]

    def _is(self, *texts: str) -> bool:
        return self._next.kind == "sign" and self._next.text in texts

    def _skip_lines(self) -> None:
        while self._next.kind == "end" and self._at < len(self._tokens) - 1:
            self._at += 1

    def _expect(self, text: str) -> None:
        if not self._is(text):
            self._fail(text)
        self._take()

    def _fail(self, expected: str) -> NoReturn:
        found = "the line's end" if self._next.text in ("\n", ";") else self._next.text
        raise JenkinsfileError(self._next.line, f"expected {expected}, found {found}")

    def statements(self, end: str) -> tuple[Statement, ...]:
        """Those up to `end`, which is not taken."""
        found: list[Statement] = []
        self._skip_lines()
        while self._next.text != end:
            found.append(self._statement())
            if self._next.kind != "end" and self._next.text != end:
                self._fail("the line's end")
            self._skip_lines()
        return tuple(found)

    def _statement(self) -> Statement:
        if self._next.kind != "name":
            self._fail("a name")
        name = self._take()
        if self._is("="):
            self._take()
            return Assignment(name.text, self._value(), name.line)
        unnamed, named = self._arguments()
        return Call(name.text, unnamed, named, self._block() if self._is("{") else None, name.line)

    def _block(self) -> tuple[Statement, ...]:
        self._expect("{")
        inside = self.statements("}")
        self._expect("}")
        return inside

    def _arguments(self) -> tuple[tuple[Value, ...], dict[str, Value]]:
        unnamed: list[Value] = []
        named: dict[str, Value] = {}
        if self._is("("):
            self._listed("(", ")", lambda: self._argument(unnamed, named))
        elif self._next.kind in ("string", "number", "name"):
            self._argument(unnamed, named)
            while self._is(","):
                self._take()
                self._skip_lines()
                self._argument(unnamed, named)
        return tuple(unnamed), named

    def _argument(self, unnamed: list[Value], named: dict[str, Value]) -> None:
        after = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if self._next.kind == "name" and after.text == ":":
            name = self._take()
            self._take()
            if name.text in named:
                raise JenkinsfileError(name.line, f"{name.text} is given twice")
            named[name.text] = self._value()
        else:
            unnamed.append(self._value())

    def _listed(self, opening: str, closing: str, item: Callable[[], None]) -> None:
        self._expect(opening)
        self._skip_lines()
        while not self._is(closing):
            item()
            self._skip_lines()
            if not self._is(closing):
                self._expect(",")
                self._skip_lines()
        self._expect(closing)

    def _value(self) -> Value:
        if self._is("["):
            items: list[Value] = []
            self._listed("[", "]", lambda: items.append(self._value()))
            return tuple(items)
        token = self._next
        if token.kind not in ("string", "number", "name"):
            self._fail("a value")
        self._take()
        if token.kind == "string":
            return self._text(token)
        if token.kind == "number":
            return int(token.text)
        return self._named(token)

    def _named(self, token: _Token) -> Value:
        if self._is("("):
            raise JenkinsfileError(token.line, f"a call as a value is not known here: {token.text}(…)")
        if not self._is("."):
            return _WORDS.get(token.text, Word(token.text))
        self._take()
        return Text((self._reference(token.text, self._take().text, token.line),))

    def _reference(self, scope: str, name: str, line: int) -> Reference:
        if scope not in ("params", "env"):
            raise JenkinsfileError(line, f"{scope}.{name} is not known here; params.NAME and env.NAME are")
        self.references.append(Reference(scope, name, line))
        return self.references[-1]

    def _text(self, token: _Token) -> Text:
        """Only double quotes interpolate. Source: https://groovy-lang.org/syntax.html#all-strings"""
        quotes = 3 if token.text[:3] in ("'''", '"""') else 1
        inside, live = token.text[quotes:-quotes], token.text[0] == '"'
        parts: list[str | Reference] = []
        end = 0
        for match in _INTERPOLATED.finditer(inside):
            if not live and not match["escape"]:
                continue
            parts += [inside[end : match.start()], self._interpolated(match, token.line)]
            end = match.end()
        return Text(_joined([*parts, inside[end:]]))

    def _interpolated(self, match: re.Match[str], line: int) -> str | Reference:
        escape = match["escape"]
        if not escape:
            if not match["scope"]:
                raise JenkinsfileError(line, "of ${…} only ${params.NAME} and ${env.NAME} are known here")
            return self._reference(match["scope"], match["name"], line)
        if escape in _LITERAL:
            return escape
        if len(escape) == 5:
            return chr(int(escape[1:], 16))
        if escape not in _ESCAPES:
            raise JenkinsfileError(line, f"\\{escape} is no escape of Groovy's; write \\\\{escape}")
        return _ESCAPES[escape]


def _joined(parts: list[str | Reference]) -> tuple[str | Reference, ...]:
    """Neighbouring strings made one, empty ones left out."""
    joined: list[str | Reference] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)
