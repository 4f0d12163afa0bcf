"""An address that is busy, that refuses, that talks nonsense; and a key that nobody gets to see."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from tests.generation.conftest import asked_label, obedient, wanted

from luthier.errors import LuthierError, UserError
from luthier.generation import Endpoint, Prompt, Sampling, generate_examples
from luthier.generation.endpoint import EndpointWriter

KEY = "sk-very-secret-0123456789"
SAMPLING = Sampling(0.7, 0.9, 50)
PROMPTS = [Prompt(number, "sys", f"user {number}", "plain", "stop") for number in range(3)]


def answer(text: str = "hello", reason: str = "stop") -> httpx.Response:
    choice = {"message": {"content": text}, "finish_reason": reason}
    return httpx.Response(200, json={"choices": [choice], "usage": {"completion_tokens": 5}})


def writer(
    monkeypatch: pytest.MonkeyPatch, handle: Callable[[httpx.Request], httpx.Response], **options: object
) -> EndpointWriter:
    monkeypatch.setenv("OPENAI_API_KEY", KEY + "\n")
    values = {"url": "http://localhost:1/v1/", "model": "m"} | options
    return EndpointWriter(Endpoint.model_validate(values), transport=httpx.MockTransport(handle), pause=0.001)


def test_what_is_sent_is_what_the_interface_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(json.loads(request.content)["messages"][1]["content"], "length")

    with writer(monkeypatch, handle) as asking:
        replies = dict(asking.write(PROMPTS, SAMPLING))
    assert {prompt.number: reply.text for prompt, reply in replies.items()} == {
        0: "user 0",
        1: "user 1",
        2: "user 2",
    }
    assert all((reply.tokens, reply.ended) == (5, False) for reply in replies.values())
    body = json.loads(seen[0].content)
    assert str(seen[0].url) == "http://localhost:1/v1/chat/completions"
    assert seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert (body["model"], body["temperature"], body["top_p"], body["max_tokens"]) == ("m", 0.7, 0.9, 50)
    assert body["messages"][0] == {"role": "system", "content": "sys"}


def test_a_busy_server_is_asked_again_and_a_dead_one_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    times = 0

    def busy(request: httpx.Request) -> httpx.Response:
        nonlocal times
        times += 1
        if times == 1:
            return httpx.Response(429, headers={"retry-after": "0"}, text="slow down")
        if times == 2:
            raise httpx.ConnectError("no line")
        return answer() if times > 3 else httpx.Response(503)

    with writer(monkeypatch, busy, attempts=4) as asking:
        assert [reply.text for _, reply in asking.write(PROMPTS[:1], SAMPLING)] == ["hello"]
    assert times == 4
    times = -100
    with writer(monkeypatch, busy, attempts=2) as asking, pytest.raises(LuthierError) as raised:
        list(asking.write(PROMPTS[:1], SAMPLING))
    assert times == -98
    assert "2 attempts" in str(raised.value)
    assert "go on" in raised.value.hint


def test_the_pause_is_the_one_that_the_server_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    replies = iter([httpx.Response(429, headers={"retry-after": "7"}), answer()])
    with writer(monkeypatch, lambda _: next(replies)) as asking:
        list(asking.write(PROMPTS[:1], SAMPLING))
    assert slept == [7.0]


def test_replies_that_came_are_kept_where_another_request_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        user = json.loads(request.content)["messages"][1]["content"]
        asked = Prompt(int(request.headers.get("x", 0)), "", user, "", "")
        if asked_label(asked) == "positive":
            return httpx.Response(400, text="too long")
        return answer(obedient(asked))

    with writer(monkeypatch, handle, concurrency=2) as asking, pytest.raises(UserError, match="too long"):
        generate_examples(wanted(), asking, name="m", journal=tmp_path / "journal")
    assert len((tmp_path / "journal").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("response", "kind", "said"),
    [
        (httpx.Response(401, text=f"bad key {KEY}"), UserError, "OPENAI_API_KEY was refused"),
        (httpx.Response(404, text="no such model"), UserError, "knows no model 'm'"),
        (httpx.Response(400, text=f"context length; your key: {KEY}"), UserError, "context length"),
        (httpx.Response(200, text="<html>hello</html>"), LuthierError, "another form"),
        (httpx.Response(200, json={"choices": []}), LuthierError, "another form"),
        (httpx.Response(200, json=["x", KEY]), LuthierError, "another form"),
    ],
)
def test_a_refusal_says_why_and_never_the_key(
    monkeypatch: pytest.MonkeyPatch, response: httpx.Response, kind: type[LuthierError], said: str
) -> None:
    with writer(monkeypatch, lambda _: response) as asking, pytest.raises(kind, match=said) as raised:
        list(asking.write(PROMPTS[:1], SAMPLING))
    assert KEY not in str(raised.value)
    assert KEY[:12] not in repr(raised.value)


def test_the_key_stands_in_no_file_even_where_a_server_says_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return answer(f"### Text\nMy key is {KEY}, believe it.\n\n### Answer\nnegative")

    with writer(monkeypatch, handle) as asking, caplog.at_level("DEBUG"):
        made, report = generate_examples(
            wanted(max_requests=4), asking, name="m", journal=tmp_path / "journal"
        )
    written = (tmp_path / "journal").read_text() + repr(made) + repr(report) + caplog.text
    assert "***" in written
    assert KEY not in written


@pytest.mark.parametrize("key", ["sk-very-secret", "two words", ""])
def test_a_key_in_place_of_a_variables_name_is_refused_without_saying_it(key: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Endpoint(url="http://localhost/v1", model="m", key=key)
    assert "not the key itself" in raised.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    "url", ["localhost/v1", "ftp://localhost", "http://me:pw@localhost/v1", "http://x/v1?key=1", "http://x:a"]
)
def test_an_address_that_is_none_or_carries_a_secret_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Endpoint(url=url, model="m")
