"""Whose resources a backend may hold: all of them come by calls that pass here."""

from __future__ import annotations


class Seen:
    """The accounts and regions that a service has been called in."""

    def __init__(self) -> None:
        self._places: dict[str, dict[tuple[str, str], None]] = {}

    def add(self, service: str, account: str, region: str) -> None:
        self._places.setdefault(service, {})[account, region] = None

    def places(self, service: str) -> list[tuple[str, str]]:
        """(account, region), in the order in which they came."""
        return list(self._places.get(service, ()))

    def accounts(self, service: str) -> list[str]:
        return list(dict.fromkeys(account for account, _ in self.places(service)))
