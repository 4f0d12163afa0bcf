"""Reading a list of synonyms: plain text with one group a line, YAML, or Cilin's coded lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from luthier.augment.lexicons.lexicon import PARTS, Group, Lexicon
from luthier.errors import DataError, Problem
from luthier.text import nearest

_FORM = "one group a line, e.g. `film movie` or `film, movie`; docs/synonyms.md shows the forms"
_SECTIONS = (*PARTS, "any", "phrases")
_SECTION = re.compile(r"\[\s*(\w+)\s*\]")
_SEPARATOR = re.compile(r"[,，、;；|\t]")
_CILIN = re.compile(r"[A-Z][a-z]\d\d[A-Z]\d\d([=#@])\s+(.*)")
"""A line of Tongyici Cilin: `=` words of one meaning, `#` merely related ones, `@` a word on its own."""

Entry = tuple[int, str, list[str] | str]
"""Line in the file, section, and the words of a group (a list) or a fixed phrase (a text)."""


def read_lexicon(path: Path) -> Lexicon:
    """Reads a list; `.yaml` and `.yml` are YAML, everything else is text (UTF-8 or GB 18030).

    Raises:
        DataError: Where the file is missing or unreadable, or lines are no groups; each is named.
    """
    text = _decoded(path)
    return parse_yaml(text, path) if path.suffix.lower() in {".yaml", ".yml"} else parse_text(text, path)


def parse_text(text: str, path: Path) -> Lexicon:
    """Reads the text form; `path` is for messages.

    Raises:
        DataError: Where a line is not a group.
    """
    problems: list[Problem] = []
    return _lexicon(list(_text_entries(text, path, problems)), path, problems)


def parse_yaml(text: str, path: Path) -> Lexicon:
    """Reads the YAML form: a list of groups, or lists by part of speech; `path` is for messages.

    Raises:
        DataError: Where it is no YAML, or not of that form.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        tree = YAML(typ="rt").load(text)
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        line = mark.line + 1 if mark else None
        raise _refused(path, [Problem("this is not YAML", path, line, hint=_FORM)]) from None
    problems: list[Problem] = []
    return _lexicon(list(_yaml_entries(tree, path, problems)), path, problems)


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise _refused(path, [Problem(reason, path, hint="check the path")]) from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refused(path, [Problem("this is neither UTF-8 nor GB 18030", path, hint="save it as UTF-8")])


def _text_entries(text: str, path: Path, problems: list[Problem]) -> Iterator[Entry]:
    section = "any"
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip() if _CILIN.match(raw) else raw.partition("#")[0].strip()
        if not line:
            continue
        if heading := _SECTION.fullmatch(line):
            section = heading[1]
            if section not in _SECTIONS:
                problems.append(_unknown_section(section, path, number))
        elif coded := _CILIN.fullmatch(line):
            if coded[1] == "=":
                yield number, section, coded[2].split()
        elif section == "phrases":
            yield number, section, line
        else:
            parts = _SEPARATOR.split(line) if _SEPARATOR.search(line) else line.split()
            yield number, section, [part for part in parts if part.strip()]


def _yaml_entries(tree: Any, path: Path, problems: list[Problem]) -> Iterator[Entry]:
    named = isinstance(tree, dict)
    for section, groups in (tree if named else {"any": tree}).items():
        line = tree.lc.key(section)[0] + 1 if named else 1
        if section not in _SECTIONS:
            problems.append(_unknown_section(section, path, line))
        elif not isinstance(groups, list):
            problems.append(Problem("this is not a list of groups", path, line, section, hint=_FORM))
        else:
            for index, group in enumerate(groups):
                at = groups.lc.item(index)[0] + 1  # type: ignore[attr-defined]  # ruamel's lists know their lines
                words = [group] if isinstance(group, str) else group
                if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                    problems.append(Problem(f"{group!r} is not a list of words", path, at, hint=_FORM))
                elif section == "phrases":
                    yield at, section, " ".join(words)
                else:
                    yield at, section, _SEPARATOR.split(group) if isinstance(group, str) else list(group)


def _lexicon(entries: list[Entry], path: Path, problems: list[Problem]) -> Lexicon:
    groups: list[Group] = []
    phrases: list[str] = []
    for line, section, content in entries:
        if isinstance(content, str):
            phrases.append(" ".join(content.lower().split()))
            continue
        words = tuple(dict.fromkeys(" ".join(word.lower().split()) for word in content if word.strip()))
        if len(words) < 2:
            problems.append(Problem("a group needs two different words or more", path, line, hint=_FORM))
        groups.append(Group(words, section if section in PARTS else None))
    if not problems and not groups and not phrases:
        problems.append(Problem("no group of synonyms stands in it", path, hint=_FORM))
    if problems:
        raise _refused(path, sorted(problems, key=lambda problem: problem.line or 0))
    return Lexicon(groups, phrases)


def _unknown_section(name: object, path: Path, line: int) -> Problem:
    near = nearest(str(name), _SECTIONS)
    hint = f"did you mean {near!r}?" if near else ""
    return Problem(f"unknown section {str(name)!r}", path, line, allowed=", ".join(_SECTIONS), hint=hint)


def _refused(path: Path, problems: list[Problem]) -> DataError:
    return DataError(f"{path} cannot be used as a list of synonyms:", problems)
