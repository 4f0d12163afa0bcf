"""Wrong entities: confident learning over tokens (Wang and Mueller 2022, arXiv:2210.03920) by cleanlab.

Entities become one tag a token, the beginning of one apart from its inside. What a model doubts of the tags
is turned back into spans. One tag a token cannot hold nested entities: the longest of those that overlap is
judged, the others stay as they are.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from luthier.data.mislabelled.suspect import Suspect, differing
from luthier.tasks import Entity, Example, Extraction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Ideographs and kana stand alone, as their words have no spaces; letters, numbers and signs do not mix.
_TOKEN = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff]|[^\W\d_\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff]+|\d+|[^\w\s]|_"
)

OUTSIDE = 0
"""The tag of a token in no entity."""


def tokens(text: str) -> list[tuple[int, int]]:
    """Returns the offsets of the tokens: a word, a number, a sign, or one Chinese or Japanese character."""
    return [match.span() for match in _TOKEN.finditer(text)]


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags of a task: 0 outside, 2 i + 1 where an entity of the i-th type begins, 2 i + 2 inside it.

    Attributes:
        types: The task's entity types.
    """

    types: Sequence[str]

    @property
    def count(self) -> int:
        """How many tags there are."""
        return 2 * len(self.types) + 1

    def of(self, entities: Iterable[Entity], places: Sequence[tuple[int, int]]) -> list[int]:
        """Returns a tag for each token; of entities that overlap the longest, then the first, is kept.

        Args:
            entities: Placed in the text.
            places: Of `tokens`. A token that an entity cuts belongs to it.
        """
        tags = [OUTSIDE] * len(places)
        for entity in self.judged(entities):
            inside = [n for n, (start, end) in enumerate(places) if start < entity.end and entity.start < end]
            if any(tags[n] != OUTSIDE for n in inside):
                continue
            for order, n in enumerate(inside):
                tags[n] = 2 * self.types.index(entity.type) + (1 if order == 0 else 2)
        return tags

    @staticmethod
    def judged(entities: Iterable[Entity]) -> list[Entity]:
        """Returns the entities that tags can hold: the longest first, none that overlaps an earlier one."""
        chosen: list[Entity] = []
        for entity in sorted(entities, key=lambda item: (item.start - item.end, item.start, item.type)):
            if not any(_overlap(entity, other) for other in chosen):
                chosen.append(entity)
        return chosen

    def spans(self, tags: Sequence[int], places: Sequence[tuple[int, int]], text: str) -> Iterator[Entity]:
        """Yields the entities that tags mean; an inside without its beginning begins one."""
        begin, kind = 0, OUTSIDE
        for n, tag in enumerate([*tags, OUTSIDE]):
            goes_on = tag != OUTSIDE and tag % 2 == 0 and kind == (tag + 1) // 2
            if kind and not goes_on:
                start, end = places[begin][0], places[n - 1][1]
                yield Entity(start, end, self.types[kind - 1], text[start:end])
                kind = OUTSIDE
            if tag != OUTSIDE and not goes_on:
                begin, kind = n, (tag + 1) // 2


def rank_spans(
    task: Extraction, examples: Sequence[Example], probabilities: Sequence[NDArray[np.float64]]
) -> list[Suspect]:
    """Returns the examples with probably wrong, missing or superfluous entities, the surest first.

    The score of an example is that of its most doubtful token. The suggestion changes what is doubted alone:
    given entities with a doubted token go, and those come that the model reads over a doubted token.

    Args:
        task: Whose types the tags stand for.
        examples: Labelled.
        probabilities: Of each example the probability of each tag (`Tags`), shape (tokens, tags), by a model
            that did not learn it.
    """
    from cleanlab.token_classification.filter import find_label_issues
    from cleanlab.token_classification.rank import get_label_quality_scores

    tags = Tags(task.types)
    places = [tokens(example.text) for example in examples]
    given = [tags.of(_entities(example), here) for example, here in zip(examples, places, strict=True)]
    rows = [index for index, here in enumerate(places) if here]
    labels, tables = [given[index] for index in rows], [probabilities[index] for index in rows]
    if len({tag for found in labels for tag in found}) < 2:
        return []
    doubted: dict[int, list[int]] = {}
    with warnings.catch_warnings():  # a tag too rare to flag is no news: `luthier check` tells it
        warnings.simplefilter("ignore", UserWarning)
        issues = find_label_issues(labels, tables, n_jobs=1)
    for row, token in issues:
        doubted.setdefault(rows[row], []).append(int(token))
    scores: Any = get_label_quality_scores(labels, tables)[0]
    by_index = dict(zip(rows, scores, strict=True))
    suspects = []
    for index, wrong in sorted(doubted.items()):
        example = examples[index]
        read = list(tags.spans(probabilities[index].argmax(axis=1).tolist(), places[index], example.text))
        suggested = _changed(example, read, [places[index][token] for token in wrong])
        if fields := differing(task, example, suggested):
            suspects.append(Suspect(example, suggested, fields, float(by_index[index])))
    return sorted(suspects, key=lambda suspect: suspect.score)


def _entities(example: Example) -> list[Entity]:
    return [item for item in example.target or () if isinstance(item, Entity)]


def _overlap(one: Entity, other: Entity) -> bool:
    return one.start < other.end and other.start < one.end


def _changed(
    example: Example, read: Sequence[Entity], wrong: Sequence[tuple[int, int]]
) -> tuple[Entity, ...]:
    """Returns the entities with those over the doubted places exchanged."""

    def is_doubted(entity: Entity) -> bool:
        return any(start < entity.end and entity.start < end for start, end in wrong)

    entities = _entities(example)
    judged = Tags.judged(entities)
    kept = [entity for entity in judged if not is_doubted(entity)]
    new = [
        entity for entity in read if is_doubted(entity) and not any(_overlap(entity, other) for other in kept)
    ]
    unjudged = set(entities) - set(judged)
    return tuple(sorted({*kept, *new, *unjudged}))
