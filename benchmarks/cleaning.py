"""Cleaning and deduplication at scale: time and memory by number of records, and beside other libraries.

    make bench-data-setup                             # once: the peers, in an environment of their own
    python benchmarks/cleaning.py run [--rows 52773 100000 1000000] [--processes 1]
    python benchmarks/cleaning.py compare             # shopping_zh, one core for every side
    python benchmarks/cleaning.py recall              # near pairs found, of all that there are
    python benchmarks/cleaning.py engines             # what finds duplicates fastest, by number of texts
    python benchmarks/cleaning.py table

`run` reads JSON Lines, cleans by default rules, leaves out equal and near copies and writes JSON Lines, each
size in a fresh process. Up to 52,773 records are the reviews of shopping_zh; what is more are variants of
them, in which some words are exchanged for words of other reviews. Data: LUTHIER_DATA, see public_data.py.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from dedup_peers import SIDES, peak_memory
from public_data import SEED, rows

RECORDS = Path(__file__).parent / "cleaning.json"
REVIEWS = "shopping_zh/reviews.jsonl"
SIZES = (52_773, 100_000, 1_000_000)
TEXTS = (1_000, 5_000, 10_000, 20_000, 52_773)
MOST_SWAPPED = 8
"""Words exchanged in a variant: 0 to so many. Two of 30 words leave about 0.8 of the 5-grams."""


def variants(reviews: list[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """Yields so many records: the reviews, then variants of them."""
    import rjieba

    words = [rjieba.cut(row["text"]) for row in reviews] if count > len(reviews) else []
    pool = sorted({word for cut in words for word in cut if len(word) > 1})
    draw = random.Random(SEED)
    for number in range(count):
        row = reviews[number % len(reviews)] | {"id": f"row-{number}"}
        if number >= len(reviews):
            cut = list(words[number % len(reviews)])
            for _ in range(draw.randint(0, MOST_SWAPPED) if cut else 0):
                cut[draw.randrange(len(cut))] = draw.choice(pool)
            row["text"] = "".join(cut)
        yield row


def clean(path: Path, output: Path, processes: int) -> dict[str, Any]:
    """Cleans one file in this process, as `luthier clean --duplicates near` does."""
    import resource

    from luthier.data.clean_file import clean_file
    from luthier.tasks import Classification

    task = Classification(labels=["正面", "负面"], language="zh")
    start = time.perf_counter()
    report = clean_file(str(path), output, task=task, duplicates="near", processes=processes)
    seconds = time.perf_counter() - start
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "rows": report.read,
        "kept": report.written,
        "seconds": seconds,
        "cpu_seconds": sum(one.ru_utime + one.ru_stime for one in used),
        "peak_memory_bytes": peak_memory(),
        "changed": report.cleaned.touched,
        "dropped": dict(report.cleaned.dropped) | dict(report.duplicates),
        "conflicts": len(report.conflicts),
    }


def run(sizes: list[int], processes: int) -> None:
    """Measures each size in a process of its own."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path, output = Path(folder) / "rows.jsonl", Path(folder) / "clean.jsonl"
            records = variants(rows(REVIEWS), size)
            with path.open("w", encoding="utf-8") as stream:
                stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in records)
            found = _python("clean", path, output, "--processes", processes)
        _keep("run", f"{size}-{processes}", found)


def compare(sides: list[str]) -> None:
    """Lets every side deduplicate the reviews on one core, one side after the other."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.jsonl"
        texts = [row["text"] for row in rows(REVIEWS)]
        _write_texts(path, texts)
        near = _neighbours(texts)
        for side in sides:
            found = _on_one_core(side, path)
            kept = set(found.pop("kept"))
            wrong = sum(row not in near for row in range(len(texts)) if row not in kept)
            left = {
                tuple(sorted((row, other))) for row in kept for other in near.get(row, ()) if other in kept
            }
            found |= {"dropped": len(texts) - len(kept), "wrongly": wrong, "left": len(left)}
            _keep("compare", side, found)


def _neighbours(texts: list[str]) -> dict[int, set[int]]:
    """Returns for each text that has any the equal and near ones, by the exact search."""
    from luthier.data import find_duplicates

    found = find_duplicates(texts)
    near: dict[int, set[int]] = {}
    pairs = [pair for copies in found.copies for pair in combinations(copies, 2)]
    for pair in found.pairs:
        pairs += [(a, b) for a in found.copies[pair.first] for b in found.copies[pair.second]]
    for first, second in pairs:
        near.setdefault(first, set()).add(second)
        near.setdefault(second, set()).add(first)
    return near


def recall() -> None:
    """Compares the near pairs found on disk with all that there are.

    Among 5,000 reviews these are known from a comparison of every pair, as sets; among more from the exact
    search.
    """
    from luthier.data import find_duplicates

    reviews = rows(REVIEWS)
    drawn = random.Random(SEED).sample(reviews, 5000)
    _recall("5,000 reviews, every pair compared", drawn, _every_pair)

    def exactly(texts: list[str]) -> set[tuple[int, int]]:
        return {(pair.first, pair.second) for pair in find_duplicates(texts).pairs}

    _recall("52,773 reviews, exact search", reviews, exactly)
    several = list(variants(reviews[:2000], 20_000))
    _recall("20,000 variants of 2,000 reviews, exact search", several, exactly)


def _recall(name: str, records: list[dict[str, Any]], oracle: Callable[[list[str]], set[Any]]) -> None:
    from luthier.data.dedup import find_near_pairs
    from luthier.text import normalise

    texts = list(dict.fromkeys(normalise(row["text"]) for row in records))
    found = {
        pair
        for block in find_near_pairs(texts)
        for pair in zip(block[0].tolist(), block[1].tolist(), strict=True)
    }
    expected = oracle(texts)
    both = len(found & expected)
    record = {"pairs": len(expected), "recall": both / len(expected), "precision": both / len(found)}
    _keep("recall", name, record)


def _every_pair(texts: list[str]) -> set[tuple[int, int]]:
    grams = [{text[i : i + 5] for i in range(len(text) - 4)} for text in texts]
    expected = set()
    for first, second in combinations(range(len(texts)), 2):
        one, other = grams[first], grams[second]
        shared = len(one & other) if one and other else 0
        if shared and shared >= 0.8 * (len(one) + len(other) - shared):
            expected.add((first, second))
    return expected


def engines(sizes: list[int]) -> None:
    """Times the exact search and MinHash over the first reviews, on one core."""
    texts = [row["text"] for row in rows(REVIEWS)]
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder) / f"{size}.jsonl"
            _write_texts(path, texts[:size])
            for side in ("luthier", "exact"):
                found = _on_one_core(side, path)
                _keep("engines", f"{size}-{side}", found | {"kept": len(found["kept"])})


def _write_texts(path: Path, texts: list[str]) -> None:
    lines = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    path.write_text("".join(lines), encoding="utf-8")


def _on_one_core(side: str, path: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("dedup_peers.py")
    return _started([SIDES[side].python, script, side, path], lambda: os.sched_setaffinity(0, {0}))


def _python(*words: Any) -> dict[str, Any]:
    return _started([sys.executable, __file__, *words])


def _started(command: list[Any], before: Any = None) -> dict[str, Any]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    done = subprocess.run(
        list(map(str, command)),
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=before,
    )
    if done.returncode:  # an error raised by `check` would not say what the process wrote
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _keep(part: str, name: str, record: dict[str, Any]) -> None:
    from luthier.experiment.manifest import hardware

    record = record | {"hardware": dict(hardware())}
    kept = json.loads(RECORDS.read_text(encoding="utf-8")) if RECORDS.exists() else {}
    kept.setdefault(part, {})[name] = record
    RECORDS.write_text(
        json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(json.dumps({part: {name: record}}, ensure_ascii=False), flush=True)


def sizes_table() -> Iterator[str]:
    """Yields the records of `run` as Markdown."""
    yield from _table(
        "records | processes | seconds | core seconds | peak memory"
        " | changed | left out | conflicts | written",
        (
            [
                f"{one['rows']:,}",
                name.split("-")[1],
                f"{one['seconds']:.1f}",
                f"{one['cpu_seconds']:.1f}",
                _mib(one),
                f"{one['changed']:,}",
                f"{sum(one['dropped'].values()):,}",
                str(one["conflicts"]),
                f"{one['kept']:,}",
            ]
            for name, one in sorted(_kept("run").items(), key=lambda item: item[1]["rows"])
        ),
    )


def table() -> Iterator[str]:
    """Yields the records as Markdown."""
    yield from sizes_table()
    yield ""
    yield from _table(
        "side | core seconds | peak memory | dropped | of these without a twin | twins left",
        (
            [
                SIDES[name].label,
                f"{one['cpu_seconds']:.1f}",
                _mib(one),
                *(str(one[part]) for part in ("dropped", "wrongly", "left")),
            ]
            for name, one in sorted(_kept("compare").items(), key=lambda item: item[1]["cpu_seconds"])
        ),
    )
    yield ""
    yield from _table(
        "texts, and how all pairs are known | near pairs | recall | precision",
        (
            [name, str(one["pairs"]), f"{one['recall']:.4f}", f"{one['precision']:.4f}"]
            for name, one in _kept("recall").items()
        ),
    )
    yield ""
    timed = _kept("engines")
    yield from _table(
        "texts | exact search | MinHash on disk",
        (
            [
                str(size),
                *(
                    f"{timed[f'{size}-{side}']['cpu_seconds']:.2f} s, {_mib(timed[f'{size}-{side}'])}"
                    for side in ("exact", "luthier")
                ),
            ]
            for size in sorted({int(name.split("-")[0]) for name in timed})
        ),
    )


def _kept(part: str) -> dict[str, Any]:
    return json.loads(RECORDS.read_text(encoding="utf-8")).get(part, {})


def _table(head: str, lines: Any) -> Iterator[str]:
    yield f"| {head} |"
    yield "|" + "---|" * (head.count("|") + 1)
    for cells in lines:
        yield "| " + " | ".join(cells) + " |"


def _mib(record: dict[str, Any]) -> str:
    return f"{record['peak_memory_bytes'] / 2**20:.0f} MiB"


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("--rows", type=int, nargs="+", default=list(SIZES))
    one = commands.add_parser("clean")
    one.add_argument("path", type=Path)
    one.add_argument("output", type=Path)
    for command in (running, one):
        command.add_argument("--processes", type=int, default=1)
    comparing = commands.add_parser("compare")
    comparing.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    commands.add_parser("recall")
    timing = commands.add_parser("engines")
    timing.add_argument("--texts", type=int, nargs="+", default=list(TEXTS))
    commands.add_parser("table")
    options = parser.parse_args()
    if options.command == "run":
        run(options.rows, options.processes)
    elif options.command == "clean":
        print(json.dumps(clean(options.path, options.output, options.processes), ensure_ascii=False))
    elif options.command == "compare":
        absent = [side for side in options.sides if not SIDES[side].python.exists()]
        if absent:
            parser.error(
                f"no environment for {', '.join(absent)}: make bench-data-setup, or name other --sides"
            )
        compare(options.sides)
    elif options.command == "recall":
        recall()
    elif options.command == "engines":
        engines(options.texts)
    else:
        print("\n".join(table()))


if __name__ == "__main__":
    main()
