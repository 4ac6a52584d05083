"""botocore's models of AWS's APIs as moto reads them, and with it everything here that asks moto for one."""

from __future__ import annotations

from threading import RLock
from typing import Any

from moto.core.loaders import Loader, moto_root


class ModelsLoader(Loader):
    """One for all models: to find its first one, a loader looks through the folders of botocore's 400 services.

    It is moto's own, which adds to them: SQS's query protocol, say.

    Who asks for what another thread is reading waits for it. Not for clients: S3's changes its model.
    """

    def __init__(self) -> None:
        super().__init__(extra_search_paths=[moto_root])
        self._reading = RLock()

    def load_service_model(self, *arguments: Any, **named: Any) -> Any:
        with self._reading:
            return super().load_service_model(*arguments, **named)
