from __future__ import annotations

import pytest
from tests.data.engines.contract import EngineContract, Shouting, records

from luthier.data.engines.local import Local


class TestOneProcess(EngineContract):
    engine = "local"


@pytest.mark.slow
class TestFourProcesses(EngineContract):
    engine = "local"
    processes = 4


def test_batches_are_read_as_they_are_needed():
    read = []

    def batches():
        for number in range(5):
            read.append(number)
            yield records(2)

    run = Local().run(Shouting(""), batches())
    next(run)
    assert read == [0]
