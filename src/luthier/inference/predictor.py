"""`Predictor`: examples in, predictions out, with the model, the tokenizer and the design of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

from luthier.design import Reading, SampleWriter
from luthier.errors import UserError
from luthier.inference.batches import batches, beginning
from luthier.inference.budget import answer_tokens, fitting_rows
from luthier.inference.certainty import least_certain
from luthier.inference.generation import Generated, device_of, generate
from luthier.inference.prediction import Prediction
from luthier.inference.prompt_keys import PromptKeys
from luthier.inference.reading import from_reading
from luthier.inference.scorer import LabelScorer
from luthier.inference.shared_prefix import SharedPrefix
from luthier.models import Encoder, stop_token_ids
from luthier.tasks.answer import Answer
from luthier.tasks.base import Task
from luthier.tasks.example import Example

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_WINDOW = 1024
"""Examples read ahead, so that prompts of like length can share a batch."""

Decode = Literal["generate", "score"]


class Predictor:
    """Predicts with a causal language model: greedy text for the value, label scores for probabilities."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        writer: SampleWriter,
        task: Task,
        *,
        max_length: int,
        max_new_tokens: int | None = None,
        decode: Decode = "generate",
    ) -> None:
        """Prepares prediction on the device and in the data type that the model has.

        Args:
            model: A causal language model, or a PEFT wrapper of one.
            tokenizer: Its own.
            writer: The design, over `task`'s label space.
            task: What is predicted.
            max_length: Most tokens of prompt and answer together; a longer input text is cut to fit.
            max_new_tokens: Longest answer; None asks the label space, see `answer_tokens`.
            decode: `generate` lets the model write its answer, so that format errors show; `score` takes the
                most probable label of each field instead, without a text (closed label fields only).

        Raises:
            luthier.errors.UserError: Where `decode` is `score` and the design has no one place for each
            label.
        """
        self._model = model
        self._tokenizer = tokenizer
        self._writer = writer
        self._task = task
        self._decode = decode
        self._closed = [field for field in task.schema().fields if field.kind == "label"]
        if decode == "score" and not self._every_field_is_scored():
            raise UserError(
                "labels cannot be scored instead of generated with this task and design",
                "generate, or use a task of single labels with `unmentioned: placeholder` and no reasoning",
            )
        self._max_new_tokens = max_new_tokens or answer_tokens(writer, tokenizer, task)
        self._encode = Encoder(tokenizer, max(1, max_length - self._max_new_tokens), "input")
        self._stop = stop_token_ids(tokenizer)
        self._pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
        self._prefix = SharedPrefix(model, stop=self._stop, pad=self._pad)
        self._scorer = LabelScorer(model, tokenizer)

    def _every_field_is_scored(self) -> bool:
        probe = Example("probe", "x", text_pair="x")
        names = [field.name for field in self._task.schema().fields]
        scored = all(self._writer.candidates(probe, {}, name) is not None for name in names)
        return scored and not self._writer.design.needs_reasons

    def predict(
        self,
        examples: Iterable[Example],
        batch_size: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Prediction]:
        """Yields a prediction for each example, in the order of the examples.

        Args:
            examples: Labelled or not; read a window at a time, so that any number of them will do.
            batch_size: Prompts generated for at once; None fits it to the memory.
            progress: Called after each batch with the number of examples just done.

        Raises:
            luthier.models.TooLongError: Where a prompt does not fit even with its whole input cut.
        """
        remaining = iter(examples)
        while window := list(islice(remaining, _WINDOW)):
            samples = [self._writer.prompt(example) for example in window]
            prompts = [self._encode(sample).input_ids for sample in samples]
            done: dict[int, Prediction] = {}
            for batch in batches(
                prompts,
                [beginning(sample) for sample in samples],
                lambda length: batch_size or self._fitting(length),
                answer=self._max_new_tokens,
                device=device_of(self._model).type,
            ):
                rows = [window[at] for at in batch.rows]
                found = self._predict(rows, [prompts[at] for at in batch.rows], batch.shared)
                done.update(zip(batch.rows, found, strict=True))
                if progress is not None:
                    progress(len(batch.rows))
            yield from (done[at] for at in range(len(window)))

    def _fitting(self, length: int) -> int:
        return fitting_rows(self._model, length + self._max_new_tokens)

    def _predict(
        self, examples: Sequence[Example], prompts: Sequence[Sequence[int]], shared: int
    ) -> list[Prediction]:
        if self._decode == "score":
            return self._predict_by_score(examples, prompts)
        generated, keys = generate(
            self._model,
            prompts,
            stop=self._stop,
            pad=self._pad,
            max_new_tokens=self._max_new_tokens,
            shared=self._prefix.usable(prompts, shared),
        )
        texts = [self._decode_ids(item.ids) for item in generated]
        readings = [self._writer.read(text, example) for text, example in zip(texts, examples, strict=True)]
        predictions = [
            from_reading(self._writer, reading, text, example)
            for reading, text, example in zip(readings, texts, examples, strict=True)
        ]
        probabilities = self._probabilities(examples, prompts, readings, keys)
        return [
            self._with_confidence(prediction, reading.answer, scores, item)
            for prediction, reading, scores, item in zip(
                predictions, readings, probabilities, generated, strict=True
            )
        ]

    def _probabilities(
        self,
        examples: Sequence[Example],
        prompts: Sequence[Sequence[int]],
        readings: Sequence[Reading],
        keys: PromptKeys | None,
    ) -> list[dict[str, dict[str, float]]]:
        """Scores every closed field, each given the values and reasons read before it."""
        candidates = []
        for example, reading in zip(examples, readings, strict=True):
            found = {
                field.name: self._writer.candidates(example, reading.answer, field.name, reading.reasons)
                for field in self._closed
            }
            candidates.append({name: item for name, item in found.items() if item is not None})
        return self._scorer.score(prompts, candidates, keys)

    def _with_confidence(
        self,
        prediction: Prediction,
        answer: Answer,
        probabilities: Mapping[str, Mapping[str, float]],
        generated: Generated,
    ) -> Prediction:
        if not probabilities:
            return replace(prediction, confidence=self._certainty(answer, generated))
        confidence = self._confidence(answer, probabilities)
        return replace(prediction, confidence=confidence, probabilities=probabilities)

    def _certainty(self, answer: Answer, generated: Generated) -> float:
        """Returns the probability of a free text's tokens, or of another answer's least certain value."""
        fields = self._task.schema().fields
        if fields[0].kind == "text" or self._writer.design.needs_reasons:
            return generated.probability
        values = [value for field in fields for value in answer.get(field.name, ())]
        return least_certain(generated, self._decode_ids, values)

    def _decode_ids(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def _confidence(self, answer: Answer, probabilities: Mapping[str, Mapping[str, float]]) -> float | None:
        """Returns the probability of the least certain field's value; None where a value cannot be read."""
        chosen = []
        for field in self._closed:
            values = answer.get(field.name, ())
            label = values[0] if values else field.unmentioned
            if label is None or label not in probabilities[field.name]:
                return None
            chosen.append(probabilities[field.name][label])
        return min(chosen)

    def _predict_by_score(
        self, examples: Sequence[Example], prompts: Sequence[Sequence[int]]
    ) -> list[Prediction]:
        answers: list[dict[str, tuple[str, ...]]] = [{} for _ in examples]
        probabilities: list[dict[str, dict[str, float]]] = [{} for _ in examples]
        for field in self._closed:
            found = [
                self._writer.candidates(example, answer, field.name)
                for example, answer in zip(examples, answers, strict=True)
            ]
            candidates = [{field.name: item} for item in found if item is not None]
            for row, scores in enumerate(self._scorer.score(prompts, candidates)):
                probabilities[row].update(scores)
                best = max(scores[field.name], key=scores[field.name].__getitem__)
                if best != field.unmentioned:
                    answers[row][field.name] = (best,)
        return [
            Prediction(
                example.id,
                self._task.target(answer, example),
                confidence=self._confidence(answer, scores),
                probabilities=scores,
            )
            for example, answer, scores in zip(examples, answers, probabilities, strict=True)
        ]
