"""Every reply on disk as it comes, so that nothing that was paid for is asked for again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any, Self

from luthier.errors import UserError
from luthier.files import sha256_json
from luthier.generation.writing import Prompt, Reply


class Journal:
    """The replies of one generation, one JSON object a line behind a first line that says whose they are.

    A half-written last line, as a kill leaves it, is dropped.

    Args:
        path: The file; created where there is none. None keeps nothing.
        identity: What decides the requests: examples, task, options, seed, writer.

    Raises:
        UserError: Where the file holds the replies of something else.
    """

    def __init__(self, path: Path | None, identity: Any) -> None:
        self._path = path
        self._header = {"generation": sha256_json(identity)}
        self._replies: dict[int, tuple[str, Reply]] = {}
        self._stream: IO[str] | None = None
        if path is not None and path.exists():
            self._load(path)

    def __enter__(self) -> Self:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lines = [self._header, *(self._line(*item) for item in self._replies.items())]
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            self._path.write_text(text, encoding="utf-8", newline="\n")
            self._stream = self._path.open("a", encoding="utf-8", newline="\n")
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def reply(self, prompt: Prompt) -> Reply:
        """Returns the reply to a prompt that was answered."""
        return self._replies[prompt.number][1]

    def find(self, prompt: Prompt) -> Reply | None:
        """Returns the reply to a prompt, where it was answered before.

        Raises:
            UserError: Where another prompt had its number.
        """
        digest, reply = self._replies.get(prompt.number, ("", None))
        if reply is not None and digest != _digest(prompt):
            raise self._strange()
        return reply

    def add(self, prompt: Prompt, reply: Reply) -> None:
        """Writes a reply down."""
        self._replies[prompt.number] = (_digest(prompt), reply)
        if self._stream is not None:
            line = self._line(prompt.number, self._replies[prompt.number])
            self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._stream.flush()

    def _line(self, number: int, item: tuple[str, Reply]) -> dict[str, Any]:
        digest, reply = item
        return {
            "request": number,
            "prompt": digest,
            "reply": reply.text,
            "ended": reply.ended,
            "tokens": reply.tokens,
            "plain": reply.is_plain,
        }

    def _load(self, path: Path) -> None:
        lines = path.read_text(encoding="utf-8").split("\n")
        try:
            if json.loads(lines[0]) != self._header:
                raise self._strange()
        except json.JSONDecodeError:
            raise self._strange() from None
        for line in lines[1:-1]:  # behind the last line break stands nothing, or what a kill left
            row = json.loads(line)
            reply = Reply(row["reply"], row["ended"], row["tokens"], row["plain"])
            self._replies[row["request"]] = (row["prompt"], reply)

    def _strange(self) -> UserError:
        return UserError(
            f"{self._path} holds the replies to other requests: examples, options, seed or writer changed.",
            "Remove that file to begin anew, or give another output.",
        )


def _digest(prompt: Prompt) -> str:
    return sha256_json([prompt.system, prompt.user, prompt.plain])[:16]
