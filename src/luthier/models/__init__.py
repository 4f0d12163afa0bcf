"""Base models and tokenizers: load, save, the embedded default, encoding samples to token ids."""

from luthier.models.chat import chat_template, stop_token_ids
from luthier.models.context import context_length
from luthier.models.encode import UNSUPERVISED, Encoded, Encoder, TooLongError, Truncate, encode, token_ids
from luthier.models.load import adopt_model, load_finetuned, load_model, load_tokenizer, quiet, save_model
from luthier.models.options import ModelOptions, embedded_models, fingerprint
from luthier.models.rows import EncodeReport, encode_all

__all__ = [
    "UNSUPERVISED",
    "EncodeReport",
    "Encoded",
    "Encoder",
    "ModelOptions",
    "TooLongError",
    "Truncate",
    "adopt_model",
    "chat_template",
    "context_length",
    "embedded_models",
    "encode",
    "encode_all",
    "fingerprint",
    "load_finetuned",
    "load_model",
    "load_tokenizer",
    "quiet",
    "save_model",
    "stop_token_ids",
    "token_ids",
]
