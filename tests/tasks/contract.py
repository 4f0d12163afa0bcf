"""The contract of a task type. Inherit it, name tasks and records, and every clause is tested."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from luthier.errors import Problem
from luthier.tasks import AnyTask, RecordError, Task, target_from_json, target_to_json
from luthier.tasks.record import COMMON_COLUMNS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)

# Several classes inherit these tests on purpose; without a database nothing is replayed across them.
CONTRACT = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)


class TaskContract:
    """Holds for every task type. Subclasses give `tasks` and `records`."""

    tasks: Sequence[Task]

    def records(self, task: Task) -> st.SearchStrategy[dict[str, Any]]:
        """Returns a strategy of good records of `task`."""
        raise NotImplementedError

    @given(st.data())
    @settings(CONTRACT, max_examples=60)
    def test_target_is_the_inverse_of_answer(self, data: st.DataObject) -> None:
        for task in self.tasks:
            example = task.example(data.draw(self.records(task)), id="a")
            assert task.target(task.answer(example), example) == example.target

    @given(st.data())
    @settings(CONTRACT, max_examples=50)
    def test_answer_fits_the_schema(self, data: st.DataObject) -> None:
        for task in self.tasks:
            example = task.example(data.draw(self.records(task)), id="a")
            for name, values in task.answer(example).items():
                field = task.schema()[name]
                assert len(values) <= 1 or field.kind in ("labels", "strings")
                assert not field.labels or set(values) <= set(field.labels)

    @given(st.data())
    @settings(CONTRACT, max_examples=50)
    def test_example_reads_back_what_record_writes(self, data: st.DataObject) -> None:
        for task in self.tasks:
            example = task.example(data.draw(self.records(task)), id="a", origin="file:1")
            record = json.loads(json.dumps(task.record(example)))
            assert task.example(record, id=record["id"], origin="file:1") == example
            assert record.keys() <= {*task.columns, *COMMON_COLUMNS}

    @given(st.data())
    @settings(CONTRACT, max_examples=50)
    def test_target_survives_json(self, data: st.DataObject) -> None:
        for task in self.tasks:
            target = task.example(data.draw(self.records(task)), id="a").target
            assert target_from_json(target_to_json(target)) == target

    @given(st.data())
    @settings(CONTRACT, max_examples=60)
    def test_any_record_is_read_or_refused_with_its_column(self, data: st.DataObject) -> None:
        for task in self.tasks:
            columns = [*task.columns, "weight", "language", "domain", "group"]
            record = data.draw(st.dictionaries(st.sampled_from(columns), JSON))
            refused: tuple[Problem, ...] | None = None
            try:
                task.example(record, id="a")
            except RecordError as error:
                refused = error.problems
            if refused is not None:
                assert {problem.field.split(".")[0].split("[")[0] for problem in refused} <= set(columns)
                assert all(problem.message for problem in refused)
                assert refused

    @given(st.data())
    @settings(CONTRACT, max_examples=100)
    def test_target_takes_any_answer_that_the_schema_allows(self, data: st.DataObject) -> None:
        for task in self.tasks:
            example = task.example(data.draw(self.records(task)), id="a")
            answer = {
                field.name: tuple(
                    data.draw(
                        st.lists(
                            st.sampled_from(field.labels) if field.labels else st.text(max_size=5),
                            max_size=1 if field.kind in ("label", "text") else 4,
                            unique=field.kind == "labels",
                        )
                    )
                )
                for field in task.schema().fields
            }
            assert task.target(answer, example) is not None

    def test_unlabelled_records_need_no_target_and_ignore_a_wrong_one(self) -> None:
        for task in self.tasks:
            (column,) = set(task.columns) & {"label", "labels", "aspects", "entities", "output"}
            texts = {name: "words" for name, needed in task.columns.items() if needed and name != column}
            assert task.example(texts, id="a", labelled=False).target is None
            assert task.example({**texts, column: object()}, id="a", labelled=False).target is None

    def test_every_missing_column_is_named(self) -> None:
        for task in self.tasks:
            with pytest.raises(RecordError) as caught:
                task.example({}, id="a")
            named = {problem.field for problem in caught.value.problems}
            assert named >= {name for name, needed in task.columns.items() if needed}

    def test_optional_columns_reach_the_example(self) -> None:
        for task in self.tasks:
            texts = {name: "words" for name, needed in task.columns.items() if needed}
            record = {**texts, "weight": "2.5", "language": "en", "domain": "shop", "group": 12}
            example = task.example(record, id="7", origin="f:3", labelled=False)
            assert (example.id, example.origin) == ("7", "f:3")
            assert (example.weight, example.language, example.domain) == (2.5, "en", "shop")
            assert example.group == "12"

    def test_primary_metric_is_one_of_the_metrics(self) -> None:
        for task in self.tasks:
            assert task.primary_metric in task.metrics
            assert len(set(task.metrics)) == len(task.metrics)
            assert ("kappa" in task.metrics) == (task.kappa_matrix is not None)

    def test_numbers_are_distinct_and_cover_every_word(self) -> None:
        for task in self.tasks:
            field = task.schema().fields[0]
            words = {*field.labels, *([field.unmentioned] if field.unmentioned else [])}
            numbers = task.numbers_by_label()
            assert len(set(numbers.values())) == len(numbers)
            assert set(numbers) == (words if field.labels else set())

    def test_options_are_frozen_strict_and_found_by_type(self) -> None:
        for task in self.tasks:
            with pytest.raises(ValidationError):
                task.language = "zh"
            with pytest.raises(ValidationError, match="lables"):
                type(task).model_validate({**task.model_dump(), "lables": ["a", "b"]})
            again: Mapping[str, Any] = task.model_dump(mode="json")
            assert TypeAdapter(AnyTask).validate_python(again) == task
            assert task.with_space({}) == task
