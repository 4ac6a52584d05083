"""What came of the statements of policies, for people: by what the policies are on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from harness.usage import Ref, Statement

LEGEND = "used: calls that a statement allowed; needed: calls that nothing else would have allowed"


def lines(statements: Iterable[Statement], accounts: Mapping[str, str]) -> Iterator[str]:
    """A heading for each role, key, bucket, ..., and indented its statements, the most used first.

    `accounts` has names by id. Statements that deny allow nothing; whether they were needed is not known here.
    """

    def place(statement: Statement) -> tuple[str, str]:
        account, _, thing = statement.holder.partition(" ")
        return accounts.get(account, account), thing

    for (account, thing), group in groupby(sorted(statements, key=place), key=place):
        yield f"{account}: {thing}"
        yield from _of_one(list(group), accounts)


def _of_one(statements: list[Statement], accounts: Mapping[str, str]) -> Iterator[str]:
    used = [s for s in statements if s.used]
    if used:
        yield "    used  needed  statement"
    for s in sorted(used, key=lambda s: (-s.used, -s.needed, s.ref)):
        others = ", ".join(_short(other, s.holder, accounts) for other in s.others)
        also = f"   (also allowed by: {others})" if others else ""
        yield f"  {s.used:>6}  {s.needed:>6}  {_short(s.ref, s.holder, accounts)}{also}"
    unused = [s for s in statements if not s.used]
    for title, effect in (("never used", "Allow"), ("denies", "Deny")):
        names = sorted(_short(s.ref, s.holder, accounts) for s in unused if s.effect == effect)
        if names:
            yield f"  {title}: {', '.join(names)}"


def _short(ref: Ref, holder: str, accounts: Mapping[str, str]) -> str:
    """Without the holder's own name; another holder's with its account's name."""
    if ref.startswith((f"{holder} ", f"{holder}#")):
        return ref[len(holder) + 1 :]
    account, _, rest = ref.partition(" ")
    return f"{accounts.get(account, account)} {rest}"
