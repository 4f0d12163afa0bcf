"""`luthier clean`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from luthier.cli.common import JsonOption, print_json, start_messages


def command(
    input_: Annotated[str, typer.Argument(metavar="IN", help="A data file in any form that a recipe reads.")],
    output: Annotated[Path, typer.Option(help="JSON Lines file for the clean records.")],
    task: Annotated[
        Path | None,
        typer.Option(help="YAML with a recipe's `task` and, if it has them, its `data` options and `model`."),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(help="YAML of rules, as in `data.clean`; by default those of --task.")
    ] = None,
    duplicates: Annotated[
        Literal["report", "equal", "near"] | None,
        typer.Option(
            metavar="MODE",
            help="Leave out records that repeat an earlier one, text and target: equal, near (equal or nearly"
            " so), or only count them: report. By default nothing is compared.",
        ),
    ] = None,
    corrections: Annotated[
        Path | None, typer.Option(help="List of wrong labels with a decision for each; needs --task.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="JSON file for counts and examples.")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="JSON Lines file for the records left out, each with its reason.")
    ] = None,
    changes: Annotated[
        Path | None,
        typer.Option(help="JSON Lines file for the records that the rules changed, before and after."),
    ] = None,
    wrong_labels: Annotated[
        Path | None,
        typer.Option(
            help="JSON Lines file for the labels of IN that are probably wrong, for a person to decide on and"
            " --corrections to apply; needs --task."
        ),
    ] = None,
    judge: Annotated[
        str,
        typer.Option(
            metavar="tfidf|RUN", help="Who doubts labels: TF-IDF, or a run cross-validated over the records."
        ),
    ] = "tfidf",
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(metavar="ENGINE", help="What cleans, with the same outcome: local, or ray (Ray Data)."),
    ] = "local",
    processes: Annotated[int, typer.Option(min=1, help="Worker processes on this machine.")] = 1,
    json: JsonOption = False,
) -> None:
    """Clean a data file: texts mended, unfit records and duplicates left out, wrong labels put right."""
    start_messages()
    from luthier import api
    from luthier.cli.tables import print_cleaned

    found = api.clean(
        input_,
        output,
        task=task,
        rules=rules,
        duplicates=duplicates,
        corrections=corrections,
        report=report,
        rejects=rejects,
        changes=changes,
        wrong_labels=wrong_labels,
        judge=judge,
        engine=engine,
        processes=processes,
    )
    if json:
        print_json(found.to_json())
    else:
        print_cleaned(found, output)
