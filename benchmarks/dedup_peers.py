"""The sides that cleaning.py compares: which of the texts of a file each keeps.

Every side compares sets of character 5-grams at a Jaccard index of 0.8 with 125 hashes of MinHash. Luthier
verifies its candidates and so can afford many bands (25 of 5). The peers verify nothing: a shared band is a
duplicate, and they take the bands that Data-Juicer computes as the best for 0.8. datatrove knows n-grams of
words alone; here each character is a word, and its folding of text is that of Data-Juicer (lower case).
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
THRESHOLD = 0.8
HASHES = 125
BANDS = (9, 13)
"""Data-Juicer's `optimal_param(0.8, 125)`: bands, and hashes of a band."""


@dataclass(frozen=True)
class Side:
    """One way to find duplicates.

    Attributes:
        label: Its name in tables.
        python: Interpreter of its environment.
        prepare: Imports what it needs, which is not timed. Returns what is: it takes the file of texts (JSON
            Lines of `text`) and a folder to work in, and returns the positions that it keeps.
    """

    label: str
    python: Path
    prepare: Callable[[], Callable[[Path, Path], list[int]]]


def _texts(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line)["text"] for line in stream]


def luthier() -> Callable[[Path, Path], list[int]]:
    import numpy as np
    import rensa  # noqa: F401

    from luthier.data.dedup import find_copies

    def run(path: Path, folder: Path) -> list[int]:
        with path.open(encoding="utf-8") as stream:
            found = find_copies((json.loads(line)["text"] for line in stream), folder=folder)
        return [int(row) for row in np.flatnonzero(found.kept)]

    return run


def exact() -> Callable[[Path, Path], list[int]]:
    from luthier.data.duplicates import find_duplicates

    def run(path: Path, _: Path) -> list[int]:
        found = find_duplicates(_texts(path))
        return sorted(min(group) for group in found.groups())

    return run


def datatrove() -> Callable[[Path, Path], list[int]]:
    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
        minhash,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.utils.text import TextNormConfig
    from loguru import logger

    logger.remove()
    plain = TextNormConfig(
        lowercase=True,
        norm_numbers=False,
        norm_weekdays=False,
        norm_monthnames=False,
        remove_punctuation=False,
        norm_unicode_diacritics=False,
        norm_whitespace=True,
    )
    config = MinhashConfig(n_grams=5, num_buckets=BANDS[0], hashes_per_bucket=BANDS[1], norm_config=plain)

    class Characters:
        """In place of a word tokenizer."""

        word_tokenize = staticmethod(list)

    minhash.load_word_tokenizer = lambda _: Characters()

    def run(path: Path, folder: Path) -> list[int]:
        def read(*_: object, **__: object) -> Iterator[Document]:
            for number, text in enumerate(_texts(path)):
                yield Document(text=text, id=str(number))

        kept: list[int] = []

        def keep(data: Iterable[Document], *_: object, **__: object) -> Iterator[Document]:
            for document in data:
                kept.append(int(document.id))
                yield document

        signatures, buckets, removed = (str(folder / name) for name in ("signatures", "buckets", "removed"))
        signing = MinhashDedupSignature(output_folder=signatures, config=config)
        steps = [
            ([read, signing], 1),
            ([MinhashDedupBuckets(signatures, buckets, config=config)], BANDS[0]),
            ([MinhashDedupCluster(buckets, removed, config=config)], 1),
            ([read, MinhashDedupFilter(removed), keep], 1),
        ]
        for number, (pipeline, tasks) in enumerate(steps):
            logs = str(folder / f"logs-{number}")
            LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=logs).run()
        return kept

    return run


def juicer() -> Callable[[Path, Path], list[int]]:
    from data_juicer.core.data import NestedDataset
    from data_juicer.ops.deduplicator.document_minhash_deduplicator import DocumentMinhashDeduplicator
    from loguru import logger

    logger.remove()
    operator = DocumentMinhashDeduplicator(
        tokenization="character",
        window_size=5,
        lowercase=True,
        num_permutations=HASHES,
        jaccard_threshold=THRESHOLD,
        num_proc=1,
    )

    def run(path: Path, _: Path) -> list[int]:
        texts = _texts(path)
        dataset = NestedDataset.from_dict({"text": texts, "number": list(range(len(texts)))})
        dataset = dataset.map(operator.compute_hash)
        kept, _ = operator.process(dataset)
        return list(kept["number"])

    return run


_HERE = Path(sys.executable)
_PEERS = ROOT / ".venv-bench-data" / "bin" / "python"
SIDES = {
    "luthier": Side("Luthier, MinHash", _HERE, luthier),
    "exact": Side("Luthier, exact", _HERE, exact),
    "datatrove": Side("datatrove", _PEERS, datatrove),
    "juicer": Side("Data-Juicer", _PEERS, juicer),
}


def measure(name: str, path: Path) -> dict[str, object]:
    """Runs a side in this process; what it imports is not timed."""
    import time

    logging.disable(logging.WARNING)
    run = SIDES[name].prepare()
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), _cpu()
        kept = run(path, Path(folder))
        wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    return {"seconds": wall, "cpu_seconds": cpu, "peak_memory_bytes": peak_memory(), "kept": kept}


def peak_memory() -> int:
    """Returns the most memory that this process has had, in bytes.

    Not `ru_maxrss`: that begins with what the process had that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _cpu() -> float:
    import resource

    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
