"""`python -m luthier.training.pretraining RECIPE`: train a model from scratch, or resume the run."""

import sys
from pathlib import Path

from ruamel.yaml import YAML

from luthier.training.pretraining import Pretraining, pretrain


def main() -> None:
    """Read the recipe (paths are relative to it) and run it to the end."""
    path = Path(sys.argv[1])
    content = YAML(typ="safe").load(path)
    for source in content["sources"]:
        source["path"] = path.parent / source["path"]
    content["output"] = path.parent / content["output"]
    sys.stdout.write(f"{pretrain(Pretraining.model_validate(content))}\n")


if __name__ == "__main__":
    main()
