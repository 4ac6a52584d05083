"""What SageMaker keeps: for each account and region, tables of plain records and the tags of its ARNs.

A record is a resource as its Describe answers it (datetimes for timestamps), and it is replaced, never
changed: what was read stays true, so readers need neither a lock nor a copy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from harness.model import Json


class Table:
    """Records by key. Each keeps the number of its creation, which no other record ever gets."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._rows: dict[str, Json] = {}
        self._numbers: dict[str, int] = {}
        self._made = 0

    def add(self, key: str, record: Json) -> bool:
        """Whether it was added: False, and nothing is changed, where the key is taken."""
        with self._lock:
            if key in self._rows:
                return False
            self._rows[key] = record
            self._made += 1
            self._numbers[key] = self._made
            return True

    def get(self, key: str) -> Json | None:
        return self._rows.get(key)

    def change(self, key: str, **changes: Any) -> Json:
        """The record with these members replaced. Raises KeyError where there is none."""
        with self._lock:
            record = self._rows[key] = {**self._rows[key], **changes}
            return record

    def revise(self, key: str, changes: Callable[[Json], Json]) -> Json:
        """As `change`, with changes that follow from the record as it is then."""
        with self._lock:
            return self.change(key, **changes(self._rows[key]))

    def remove(self, key: str) -> Json | None:
        """The record that was removed, if there was one."""
        with self._lock:
            self._numbers.pop(key, None)
            return self._rows.pop(key, None)

    def rows(self) -> list[Json]:
        """All records, in the order of their creation."""
        return [record for _, record in self.numbered()]

    def numbered(self) -> list[tuple[int, Json]]:
        """All records with their numbers, in the order of their creation."""
        with self._lock:
            return [(self._numbers[key], record) for key, record in self._rows.items()]


class Store:
    """What one account has in one region.

    Keys are names, but for `packages` (`<group>/<version>`, or the name of one without a group) and
    `executions` (the execution's id). Besides the tables:
    `policies`: a package group's resource policy, by the group's name;
    `versions`: the last version number that a package group gave, by the group's name;
    `tags`: the tags of an ARN;
    `tokens`: the ARN that a Create made, by its operation and client token;
    `stops`: what to set to stop a running job, by its ARN.
    """

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self._lock = threading.RLock()
        self.processing_jobs = Table(self._lock)
        self.training_jobs = Table(self._lock)
        self.transform_jobs = Table(self._lock)
        self.models = Table(self._lock)
        self.package_groups = Table(self._lock)
        self.packages = Table(self._lock)
        self.pipelines = Table(self._lock)
        self.executions = Table(self._lock)
        self.policies: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.tokens: dict[tuple[str, str], str] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.stops: dict[str, threading.Event] = {}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """For what must look and then write as one step."""
        with self._lock:
            yield


class Stores:
    """The stores of all accounts and regions, made when first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stores: dict[tuple[str, str], Store] = {}

    def of(self, account: str, region: str) -> Store:
        with self._lock:
            key = (account, region)
            if key not in self._stores:
                self._stores[key] = Store(account, region)
            return self._stores[key]

    def all(self) -> list[Store]:
        with self._lock:
            return list(self._stores.values())
