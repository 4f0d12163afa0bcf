"""`luthier augment`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli.common import JsonOption, print_json, start_messages


def command(
    input: Annotated[Path, typer.Argument(metavar="IN", help="The labelled records, without any test set.")],
    output: Annotated[Path, typer.Option(help="JSON lines: the records, and behind them their copies.")],
    task: Annotated[Path, typer.Option(help="YAML file with a recipe's `task`.")],
    augment: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|YAML|FILE",
            help="An augmenter by name, one in YAML (`{type: synonyms, share: 0.3}`), or a YAML file with"
            " `augment:`; may be given several times. By default `language-oriented`.",
        ),
    ] = None,
    copies: Annotated[
        int | None, typer.Option(min=1, max=100, help="Copies of each record by each augmenter.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides what is varied and how.")] = 0,
    agree: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Keep the copies to which this finished run gives their label."),
    ] = None,
    only_new: Annotated[bool, typer.Option("--only-new", help="Leave the originals out.")] = False,
    report: Annotated[Path | None, typer.Option(help="JSON file for the report.")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="JSON lines for the copies that were not kept, with the reason.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make varied copies of labelled records: label, aspects, entities and reasons survive."""
    start_messages()
    from luthier.cli.tables import print_augmentation
    from luthier.experiment.augment import augment_file, judge, read_augmenters

    result = augment_file(
        input,
        output,
        task,
        augmenters=read_augmenters(augment or ()),
        copies=copies,
        seed=seed,
        agree=None if agree is None else judge(agree),
        only_new=only_new,
        report=report,
        rejects=rejects,
    )
    if json:
        print_json(result.to_json())
    else:
        print_augmentation(result, output)
