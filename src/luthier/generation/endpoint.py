"""Asking a model behind an OpenAI-compatible address: growing pauses, and a key that stays here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING, Any, Self

from luthier.errors import LuthierError, UserError
from luthier.generation.options import Endpoint
from luthier.generation.writing import Prompt, Reply, Sampling
from luthier.text import shorten

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

_TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_LONGEST_PAUSE = 60.0
_CONTINUE = "What was answered is kept: run the same command again to go on."


class EndpointWriter:
    """A `TextWriter` over HTTP. Use it as a context manager.

    Args:
        options: Where, and under which name the key is found.
        transport: In place of the network, for tests.
        pause: Seconds of the first pause before a request is sent again; doubled from one to the next.
    """

    def __init__(
        self, options: Endpoint, *, transport: httpx.BaseTransport | None = None, pause: float = 1.0
    ) -> None:
        import httpx

        self.batch = options.concurrency
        self._options = options
        self._key = os.environ.get(options.key, "").strip()
        if not self._key.isascii() or any(char.isspace() for char in self._key):
            raise UserError(
                f"The environment variable {options.key} holds no key.", "Keys are ASCII without spaces."
            )
        self._pause = pause
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._client = httpx.Client(headers=headers, timeout=options.timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[tuple[Prompt, Reply]]:
        """As `TextWriter.write`.

        Raises:
            UserError: Where the server refuses the key, does not know the model, or refuses the request.
            LuthierError: Where it cannot be reached or answers nothing that can be read, all attempts made.
        """
        failed: Exception | None = None
        with ThreadPoolExecutor(self.batch) as pool:
            waiting = {pool.submit(self._one, prompt, sampling): prompt for prompt in prompts}
            for done in as_completed(waiting):
                error = done.exception()
                if error is None:
                    yield waiting[done], done.result()
                elif failed is None and isinstance(error, Exception):
                    failed = error  # the others are paid for, and come first
        if failed is not None:
            raise failed

    def _one(self, prompt: Prompt, sampling: Sampling) -> Reply:
        body = {
            "model": self._options.model,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.reply_tokens,
        }
        return self._read(self._send(body))

    def _send(self, body: dict[str, Any]) -> httpx.Response:
        import httpx
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

        tries = Retrying(
            retry=retry_if_exception_type(_AgainError),
            stop=stop_after_attempt(self._options.attempts),
            wait=self._wait,
            reraise=True,
        )
        try:
            return tries(self._attempt, body)
        except _AgainError as error:
            raise LuthierError(
                f"{self._options.url} did not answer in {self._options.attempts} attempts: {error}", _CONTINUE
            ) from None
        except httpx.InvalidURL as error:
            raise UserError(f"{self._options.url} is no address: {self._hidden(str(error))}") from None

    def _attempt(self, body: dict[str, Any]) -> httpx.Response:
        import httpx

        try:
            response = self._client.post(f"{self._options.url}/chat/completions", json=body)
        except httpx.TransportError as error:
            raise _AgainError(self._hidden(f"{type(error).__name__}: {error}")) from None
        if response.status_code in _TRY_AGAIN:
            raise _AgainError(
                f"status {response.status_code}: {self._said(response)}", _retry_after(response)
            )
        if not response.is_success:
            raise self._refused(response)
        return response

    def _wait(self, state: RetryCallState) -> float:
        from tenacity import wait_exponential_jitter

        growing = wait_exponential_jitter(initial=self._pause, max=_LONGEST_PAUSE, jitter=self._pause)(state)
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.seconds if isinstance(error, _AgainError) else None
        return growing if asked is None else min(_LONGEST_PAUSE, max(asked, 0.0))

    def _refused(self, response: httpx.Response) -> UserError:
        status, place = response.status_code, self._options.url
        if status in (401, 403):
            found = "was refused" if self._key else "is missing"
            return UserError(
                f"{place} wants a key, and the one in {self._options.key} {found} (status {status}).",
                f"Set the environment variable {self._options.key}, or name another one in `key`.",
            )
        if status == 404:
            return UserError(
                f"{place} knows no model {self._options.model!r}, or is not the right address: "
                f"{self._said(response)}",
                "The address ends in the version, as in http://localhost:8000/v1.",
            )
        return UserError(f"{place} refuses the request (status {status}): {self._said(response)}")

    def _said(self, response: httpx.Response) -> str:
        return shorten(self._hidden(response.text), 200) or "nothing"

    def _hidden(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text

    def _read(self, response: httpx.Response) -> Reply:
        try:
            found = response.json()
            choice = found["choices"][0]
            text = choice["message"]["content"] or ""
            used = (found.get("usage") or {}).get("completion_tokens")
            # A server that counts nothing: a token is about four characters, or one Chinese character.
            tokens = int(used) if used is not None else max(1, len(text.encode()) // 4)
            return Reply(self._hidden(str(text)), choice.get("finish_reason") != "length", tokens)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            raise LuthierError(
                f"{self._options.url} answers in another form than an OpenAI-compatible one: "
                f"{self._said(response)}",
                "The address ends in the version, as in http://localhost:8000/v1.",
            ) from None


class _AgainError(Exception):
    """What may succeed when it is tried again; `seconds` is the pause that the server asks for."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


def _retry_after(response: httpx.Response) -> float | None:
    """Reads `Retry-After`: seconds, or a date (RFC 9110, 10.2.3)."""
    value = response.headers.get("retry-after", "")
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value).timestamp() - time()
    except ValueError:
        return None
