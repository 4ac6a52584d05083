"""Serves the provider to Terraform: one unix socket per root, all in one process."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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
        if prior is not None and config is not None:
            proposed = read_dynamic_value(request.proposed_new_state)
            for name, attribute in self._get_res_attrs(request.type_name).items():
                if config[name] is None and attribute.default is not Unknown:
                    proposed[name] = attribute.default
                elif _same(attribute.type, prior[name], proposed[name]):
                    proposed[name] = prior[name]
            request.proposed_new_state.CopyFrom(to_dynamic_value(proposed))
        return super().PlanResourceChange(request, context)


def _same(type_: Any, one: Any, other: Any) -> bool:
    if one in (None, Unknown) or other in (None, Unknown):
        return False
    return bool(type_.semantically_equal(type_.decode(one), type_.decode(other)))


def serve(socket: Path) -> Any:
    """Serve a provider of its own on a unix socket, for as long as the answered server is held."""
    server = grpc.server(ThreadPoolExecutor(max_workers=10))
    rpc.add_ProviderServicer_to_server(Servicer(AwsProvider()), server)
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    return server
