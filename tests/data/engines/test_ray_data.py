from __future__ import annotations

import sys

import pytest
from tests.data.engines.contract import EngineContract, Shouting, records

from luthier.data.cleaning import CleanOptions, CleanStage
from luthier.data.engines import map_stage
from luthier.data.engines.ray_data import connected
from luthier.data.journal import Journal
from luthier.errors import UserError
from luthier.tasks import Classification, Example


@pytest.mark.slow
class TestTwoWorkers(EngineContract):
    engine = "ray"
    processes = 2

    @pytest.fixture(scope="class", autouse=True)
    def _ray(self):
        """One start for all tests: an engine uses the Ray that it finds running."""
        import ray

        with connected(2):
            assert ray.cluster_resources()["CPU"] == 2
            yield
        assert not ray.is_initialized()

    def test_cleaning_is_that_of_this_process(self, tmp_path):
        task = Classification(labels=["good", "bad"])
        texts = ("So  <b>good</b>!!!!!!", "", "\u200b好吃", "fine")
        examples = [Example(str(n), texts[n % 4] * (n % 3), "good", origin=f"f:{n}") for n in range(2200)]
        stage = CleanStage(task, CleanOptions(), task.record, note_changes=True)
        found = {}
        for engine in ("local", "ray"):
            journals = {name: Journal(tmp_path / f"{engine}-{name}") for name in ("changes", "dropped")}
            path = tmp_path / f"{engine}.arrow"
            _, report = map_stage(examples, stage, engine=engine, processes=2, path=path, journals=journals)
            rows = {name: list(journal) for name, journal in journals.items()}
            found[engine] = path.read_bytes(), report, rows
        assert found["ray"] == found["local"]


def test_without_ray_it_is_told_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install 'luthier\[ray\]'"):
        map_stage(records(10), Shouting("!"), engine="ray")
