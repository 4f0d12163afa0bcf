"""`luthier generate`."""

from __future__ import annotations

from json import dumps as dump
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luthier.cli.common import JsonOption, SetOption, print_json, print_table, start_messages

if TYPE_CHECKING:
    from luthier.generation import GenerateReport


def command(
    source: Annotated[str, typer.Argument(metavar="IN", help="Labelled records, a few of each label.")],
    output: Annotated[Path, typer.Option(help="File for the new records (JSON lines).")],
    task: Annotated[
        Path,
        typer.Option(help="YAML file with a recipe's `task`, and `design` and `generate` where it has them."),
    ],
    examples: Annotated[int | None, typer.Option(help="New examples wanted: `generate.examples`.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Model, folder, hub id or run that writes: `generate.model`.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(help="OpenAI-compatible address; --model is then the model's name there."),
    ] = None,
    avoid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH", help="File whose texts must not come up again, such as a test set; several times."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides what every request asks for.")] = 0,
    report: Annotated[Path | None, typer.Option(help="File for the report (JSON).")] = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Write new labelled examples with a model: asked for evenly by label, read by the design, filtered."""
    start_messages()
    from luthier import api
    from luthier.errors import UserError

    changes = list(set_ or ())
    if examples is not None:
        changes.append(f"generate.examples={examples}")
    if url is not None and model is None:
        raise UserError("--url needs the model's name there.", "Add --model NAME.")
    if url is not None:
        changes.append(f"generate.model={dump({'url': url, 'model': model})}")
    elif model is not None:
        changes.append(f"generate.model={model}")
    done = api.generate(source, output, task, overrides=changes, seed=seed, avoid=avoid or (), report=report)
    if json:
        print_json({"output": str(output), **done.to_json()})
    else:
        _print(done, output)


def _print(done: GenerateReport, output: Path) -> None:
    rows = [["new examples", str(done.kept)]]
    rows += [[f"  {label}", str(count)] for label, count in done.labels.items()]
    rows.append(["requests", str(done.requests)])
    rows += [[f"  left out: {reason}", str(count)] for reason, count in done.left_out.items()]
    rows.append(["tokens written", str(done.tokens)])
    print_table(f"{output}, by {done.writer}", ["", ""], rows)
    if done.stopped != "enough":
        typer.echo(f"{done.kept} of {done.wanted} wanted: {_WHY[done.stopped]}", err=True)


_WHY = {
    "requests": "the requests allowed are used up; a larger generate.max_requests goes on from here",
    "tokens": "the tokens allowed are used up; a larger generate.max_tokens goes on from here",
    "nothing kept": "nothing could be kept in the last requests. The report shows replies and why not; "
    "try a model that follows instructions",
}
