"""What holds of every engine: the outcome is that of the stage over all records, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from luthier.data import Examples
from luthier.data.engines import Done, EngineName, map_stage
from luthier.data.journal import Journal
from luthier.tasks import Example


@dataclass(frozen=True)
class Seen:
    ids: tuple[str, ...] = ()

    def merge(self, other: Seen) -> Seen:
        return Seen((*self.ids, *other.ids))


@dataclass(frozen=True)
class Shouting:
    """Writes texts in capitals, leaves out every third record and doubles every fifth."""

    mark: str

    def __call__(self, batch: Sequence[Example]) -> Done[Seen]:
        made, rows = [], []
        for example in batch:
            number = int(example.id)
            if number == 1313:
                raise ValueError("an unlucky number")
            if number % 3 == 0:
                rows.append({"id": example.id, "reason": "third"})
                continue
            loud = replace(example, text=example.text.upper() + self.mark)
            made += [loud] * (2 if number % 5 == 0 else 1)
        return Done(made, Seen(tuple(example.id for example in batch)), {"dropped": rows})


def records(count: int) -> list[Example]:
    return [
        Example(str(number), f"text 好 {number}", target="a", origin=f"f:{number}") for number in range(count)
    ]


class EngineContract:
    engine: EngineName
    processes = 1

    def run(self, count: int, **more):
        stage = Shouting("!")
        return map_stage(records(count), stage, engine=self.engine, processes=self.processes, **more)

    def test_what_comes_out_is_what_the_stage_makes_of_all_records_in_order(self, tmp_path):
        # 2,600 records are batches of 1,000, 1,000 and 600, of which 1313 would be in the second.
        source = [item for item in records(2600) if item.id != "1313"]
        expected = Shouting("!")(source)
        journal = Journal(tmp_path / "dropped.jsonl")
        journals = {"dropped": journal}
        kept, report = map_stage(
            source, Shouting("!"), engine=self.engine, processes=self.processes, journals=journals
        )
        assert list(kept) == expected.examples
        assert report == expected.report
        assert list(journal) == expected.rows["dropped"]

    def test_the_file_is_byte_for_byte_that_of_one_process(self, tmp_path):
        self.run(1200, path=tmp_path / "here.arrow")
        map_stage(records(1200), Shouting("!"), path=tmp_path / "one.arrow")
        assert (tmp_path / "here.arrow").read_bytes() == (tmp_path / "one.arrow").read_bytes()

    def test_no_records_are_no_records_and_a_report(self):
        kept, report = self.run(0)
        assert isinstance(kept, Examples)
        assert len(kept) == 0
        assert report == Seen()

    def test_an_error_of_the_stage_is_raised(self):
        with pytest.raises(Exception, match="an unlucky number"):
            self.run(2600)
