"""`Pool`: the unlabelled records that a teacher may label."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from luthier.data import Examples, Splits, known_targets, unseen
from luthier.errors import DataError, Problem
from luthier.experiment.bench import token_counter
from luthier.experiment.folder import RunFolder
from luthier.experiment.recipe import Recipe
from luthier.files import write_jsonl

logger = logging.getLogger(__name__)

BEYOND_LIMIT = "beyond the limit"


@dataclass(frozen=True, slots=True)
class Pool:
    """Unlabelled records, without those that stand in another set.

    Attributes:
        examples: In the order of the file.
        known: The same records with their targets, where the file has them; for the report alone.
        left_out: Reason to number of records.
    """

    examples: Examples
    known: Examples | None
    left_out: Mapping[str, int]

    @classmethod
    def open(cls, recipe: Recipe, splits: Splits, folder: RunFolder) -> Pool:
        """Leaves out what stands in other sets, and what is beyond the limit.

        Writes `self_training/left_out.jsonl`: every record that stands elsewhere, and where.

        Raises:
            DataError: Where no record is left.
        """
        assert recipe.self_training is not None, "only called for recipes with self-training"
        assert splits.unlabelled is not None, "the recipe is checked for it"
        tests = {f"test/{name}": test.examples for name, test in splits.tests.items()}
        sets = {"train": splits.train, "validation": splits.validation, **tests}
        kept, seen = unseen(splits.unlabelled, sets)
        write_jsonl(folder.self_training / "left_out.jsonl", (item.to_json() for item in seen))
        left_out = Counter(item.reason for item in seen)
        if not kept:
            problem = Problem(
                f"all of its {len(seen)} records stand in another file of the recipe",
                file=Path(str(recipe.data.unlabelled)),
                field="data.unlabelled",
                allowed="text that is in no other set",
            )
            raise DataError(
                "There is nothing to label:", [problem], "Name another file, or drop self_training."
            )
        limit = recipe.self_training.limit
        if limit is not None and limit < len(kept):
            left_out[BEYOND_LIMIT] = len(kept) - limit
            kept = sorted(random.Random(recipe.seed).sample(kept, limit))
        logger.info("  %d unlabelled, %d left out", len(kept), left_out.total())
        pool = splits.unlabelled.select(kept)
        counter = token_counter(recipe.model, recipe.data.clean)
        known = known_targets(pool, recipe.data, recipe.task, base_dir=Path.cwd(), count_tokens=counter)
        return cls(pool, known, dict(left_out))
