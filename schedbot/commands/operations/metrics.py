"""`schedbot metrics`: figures for Prometheus."""

from typing import Annotated

import typer

from schedbot.admin.operations.figures import metrics
from schedbot.file_access import replace_file
from schedbot.presentation import output
from schedbot.session import open_session
from schedbot.text_input import parse_path, refuse_empty


def run(
    file: Annotated[
        str | None,
        typer.Option("--output", metavar="FILE", help="Write this file in one step, for node_exporter's textfiles."),
    ] = None,
) -> None:
    """Print the metrics of the installation in the text format of Prometheus.

    A file is replaced in one step, so that no reader sees half of it; its name must end in '.prom' for node_exporter.
    'schedbot work --metrics-port' serves the same to a scrape.

    Example:  schedbot metrics --output /var/lib/node_exporter/schedbot.prom
    """
    refuse_empty("output", file)
    with open_session() as session:
        text = metrics.render(session)
    if file is None:
        output.stdout().write(text)
    else:
        replace_file(parse_path(file), text)
