"""Serves the provider to Terraform: one unix socket per root, all in one process."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from socket import AF_UNIX, SHUT_WR, SOCK_STREAM, socket
from threading import Thread
from typing import Any

import grpc
from tf import utils
from tf.gen import tfplugin_pb2_grpc as rpc
from tf.provider import ProviderServicer
from tf.types import Unknown
from tf.utils import read_dynamic_value, to_dynamic_value

from fake_accounts.provider import AwsProvider

_REFINED_UNKNOWN = 12  # MessagePack extension: a value not known yet, of which something is known


def _extension(code: int, data: bytes) -> Any:
    return Unknown if code == _REFINED_UNKNOWN else _tf_extension(code, data)


# tf 1.2 knows plain unknown values only, and would take `jsonencode` of one for text.
_tf_extension, utils._msgpack_ext_hook = utils._msgpack_ext_hook, _extension


class Servicer(ProviderServicer):  # type: ignore[misc]  # tf ships no types
    """`tf`'s servicer, planning updates as the real provider's SDK does."""

    def PlanResourceChange(self, request: Any, context: Any) -> Any:  # noqa: N802  # gRPC's name
        """Plan: what left the configuration gets its default, and a change of mere writing is none."""
        prior, config = read_dynamic_value(request.prior_state), read_dynamic_value(request.config)
        if config is not None:
            proposed = read_dynamic_value(request.proposed_new_state)
            if prior is None:
                resource = self.app.new_resource(self._get_res_cls(request.type_name))
                proposed |= resource.all_tags(proposed)
            else:
                self._settle(request.type_name, prior, config, proposed)
            request.proposed_new_state.CopyFrom(to_dynamic_value(proposed))
        return super().PlanResourceChange(request, context)

    def _settle(
        self, type_name: str, prior: dict[str, Any], config: dict[str, Any], proposed: dict[str, Any]
    ) -> None:
        for name, attribute in self._get_res_attrs(type_name).items():
            if config[name] is None and attribute.default is not Unknown:
                proposed[name] = attribute.default
            elif _same(attribute.type, prior[name], proposed[name]):
                proposed[name] = prior[name]


def _same(type_: Any, one: Any, other: Any) -> bool:
    if one in (None, Unknown) or other in (None, Unknown):
        return False
    return bool(type_.semantically_equal(type_.decode(one), type_.decode(other)))


def serve(path: Path) -> socket:
    """Serve on a unix socket, for as long as the process lives.

    Terraform connects once for every provider block, aliases among them, and nothing it asks tells which block it asks
    for: so every connection gets a provider of its own.
    """
    listener = socket(AF_UNIX, SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    Thread(target=_accept, args=(listener, path), daemon=True).start()
    return listener


def _accept(listener: socket, path: Path) -> None:
    for number in count():
        terraform, _ = listener.accept()
        Thread(target=_converse, args=(terraform, f"{path}.{number}"), daemon=True).start()


def _converse(terraform: socket, path: str) -> None:
    server = grpc.server(ThreadPoolExecutor(max_workers=10))
    rpc.add_ProviderServicer_to_server(Servicer(AwsProvider()), server)
    server.add_insecure_port(f"unix://{path}")
    server.start()
    with terraform, socket(AF_UNIX, SOCK_STREAM) as provider:
        provider.connect(path)
        answering = Thread(target=_carry, args=(provider, terraform), daemon=True)
        answering.start()
        _carry(terraform, provider)
        answering.join()
    server.stop(None)


def _carry(source: socket, target: socket) -> None:
    """All that comes, until it ends."""
    with suppress(OSError):  # the other side is gone
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(SHUT_WR)
