"""`GenerateOptions`: how many examples, written by whom, kept on which conditions, at which cost at most."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class Endpoint(BaseModel):
    """A model behind an OpenAI-compatible `chat/completions` address."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    type: Literal["endpoint"] = "endpoint"
    url: str
    """Base address, up to and with the version: `http://localhost:8000/v1`."""

    model: str = Field(min_length=1)
    """The model's name there."""

    key: str = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key; the key itself is never written anywhere."""

    concurrency: int = Field(default=4, ge=1, le=64)
    """Requests under way at once."""

    timeout: float = Field(default=120, gt=0)
    """Seconds that a request may take."""

    attempts: int = Field(default=6, ge=1)
    """Times that a request is sent before it has failed, with growing pauses in between."""

    @field_validator("url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            port_is_fine = parts.port is None or parts.port > 0
        except ValueError:
            port_is_fine = False
        if not port_is_fine or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"an http or https address is expected, found {value!r}")
        if parts.username or parts.password or parts.query or parts.fragment:
            # The address stands in manifests and journals.
            raise ValueError(
                "the address must not carry a password or a query; name an environment variable in `key`"
            )
        return value.rstrip("/").removesuffix("/chat/completions")

    @field_validator("key")
    @classmethod
    def _check_key(cls, value: str) -> str:
        if not _VARIABLE.fullmatch(value):
            # Without the value: a key pasted here would stand in the message.
            raise ValueError("the name of an environment variable is expected, not the key itself")
        return value


class LocalModel(BaseModel):
    """A model on this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    type: Literal["local"] = "local"
    name: str = Field(default="luthier/tiny", min_length=1)
    """`luthier/tiny`, a local folder, a hub id, or the folder of a finished run."""

    chat: Literal["auto", "plain"] = "auto"
    """`auto` asks through the model's chat template where it has one; `plain` lets it continue a list of
    examples, which suits a model that was never taught to follow instructions."""

    batch_size: int = Field(default=8, ge=1)
    """Replies written at once."""


def _writer(value: Any) -> Any:
    """A name alone is that of a model here; what has an address is behind one."""
    if isinstance(value, str):
        return {"type": "local", "name": value}
    if isinstance(value, Mapping) and "type" not in value:
        return {"type": "endpoint" if "url" in value else "local", **value}
    return value


AnyWriter = Annotated[
    Annotated[Endpoint | LocalModel, Field(discriminator="type")],
    BeforeValidator(_writer, json_schema_input_type=str | Endpoint | LocalModel),
]


class GenerateOptions(BaseModel):
    """The recipe's `generate` section, and that of the file which `luthier generate --task` reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    model: AnyWriter = Field(default_factory=LocalModel)
    """Who writes: the name of a model or run here, or `{url: ..., model: ..., key: VARIABLE}`."""

    examples: int = Field(default=100, ge=1)
    """New examples wanted."""

    shown: int = Field(default=3, ge=1, le=50)
    """Labelled examples shown in each request, as many of them as there are with the label asked for."""

    attributes: Mapping[str, tuple[str, ...]] | Literal["default"] = "default"
    """What every request asks for beside the label, one value of each drawn: `{cuisine: [Sichuan, Thai]}`.
    `default` ships length, tone and writer, in the task's language; `{}` asks for nothing."""

    max_requests: int | None = Field(default=None, ge=1)
    """Requests at most; null: five for each example wanted."""

    max_tokens: int | None = Field(default=None, ge=1)
    """Tokens of all replies together at most; null: any number."""

    reply_tokens: int = Field(default=512, ge=1)
    """Tokens of one reply at most."""

    temperature: float = Field(default=1.0, gt=0, le=2)
    """Above 1 flattens the distribution that tokens are drawn from, below sharpens it."""

    top_p: float = Field(default=0.95, gt=0, le=1)
    """Tokens are drawn from the most probable ones that together have this probability."""

    min_characters: int | None = Field(default=None, ge=1)
    """Shortest text kept; null: half of the shortest given one."""

    max_characters: int | None = Field(default=None, ge=1)
    """Longest text kept; null: twice the longest given one."""

    agree: str | None = None
    """Folder of a finished run of the same task: only what it labels alike is kept. Null: no judge."""

    @field_validator("attributes")
    @classmethod
    def _check_attributes(cls, value: Any) -> Any:
        for name, values in value.items() if isinstance(value, Mapping) else ():
            if not values:
                raise ValueError(f"the attribute {name!r} has no values to draw from")
        return value

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        least, most = self.min_characters, self.max_characters
        if least is not None and most is not None and most < least:
            raise ValueError("max_characters is below min_characters")
        return self

    @property
    def most_requests(self) -> int:
        """Requests at most."""
        return self.max_requests if self.max_requests is not None else 5 * self.examples
