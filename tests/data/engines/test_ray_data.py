from __future__ import annotations

import sys

import pytest
from tests.data.engines.contract import EngineContract, Shouting, records

from luthier.data.engines import map_stage
from luthier.data.engines.ray_data import connected
from luthier.errors import UserError


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


def test_without_ray_it_is_told_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install 'luthier\[ray\]'"):
        map_stage(records(10), Shouting("!"), engine="ray")
