"""The command that builds images: `harness images`."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from harness.jobs.images import Catalogue

app = typer.Typer()
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


Images = Annotated[
    Literal["stand-ins", "aws"],
    typer.Option(help="With `aws` AWS's own images run, and only what they need beside them is built."),
]


@app.command("images")
def build_images(
    base: Annotated[
        str,
        typer.Option(envvar="HARNESS_BASE_IMAGE", help="What they are built on: an image with Python 3.11."),
    ] = "python:3.11-slim",
    network: Annotated[
        str, typer.Option(help="The network that builds get packages by; `host` is this machine's.")
    ] = "host",
    catalogue: Annotated[
        Path | None,
        typer.Option(help="A catalogue of your own: its images with a Dockerfile are built, too."),
    ] = None,
    images: Images = "stand-ins",
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line for a program to read.")
    ] = False,
) -> None:
    """Build the images that `--runner docker` runs.

    Those whose folder has not changed are there already; those that a changed one takes the place of are removed, where
    no container uses them.
    """
    from harness.jobs.docker.build import build, folders
    from harness.jobs.docker.engine import connect

    wanted = folders(Catalogue.load([catalogue] if catalogue else []), images)
    with closing(connect()) as client:
        for made in build(client, wanted, base, network, err.status):
            if as_json:
                print(json.dumps(asdict(made)))
            else:
                out.print(f"  {made.image:<14} {made.tag:<35} {made.did}")
