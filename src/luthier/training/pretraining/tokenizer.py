"""A byte-fallback BPE tokenizer for English and Chinese, trained on the corpus it will serve.

Merges work on characters, not on bytes: a Chinese character costs one entry of the vocabulary instead of two
or three. Text is never normalised, so decoding gives back exactly what was encoded. A character without an
entry is spelled in its UTF-8 bytes, so nothing is unknown. Digits never merge: a number reads as its digits.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, BOS, END = "<|pad|>", "<|bos|>", "<|end|>"
ROLES = ("system", "user", "assistant")
SPECIAL_TOKENS = (PAD, BOS, END, *(f"<|{role}|>" for role in ROLES))

CHAT_TEMPLATE = (
    "{{- '<|bos|>' }}"
    "{%- for message in messages %}"
    "{{- '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>\\n' }}{%- endif %}"
)

# Han runs stand apart so that no merge joins Chinese to another script; a space belongs to the word after it.
_PIECES = r"\p{Han}+| ?[\p{L}\p{M}&&[^\p{Han}]]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"
_LONGEST_TOKEN = 12


def common_chinese_characters() -> list[str]:
    """The 3,755 characters of GB 2312 level 1 (rows 16 to 55), in the standard's order."""
    cells = (bytes((row + 0xA0, cell + 0xA0)) for row in range(16, 56) for cell in range(1, 95))
    return [character for code in cells if (character := code.decode("gb2312", errors="ignore"))]


def train_tokenizer(texts: Iterable[str], size: int, alphabet: int) -> "PreTrainedTokenizerFast":
    """Learn merges from `texts` until the vocabulary holds `size` tokens.

    Args:
        texts: what the pairs are counted on.
        size: number of tokens, special tokens and the 256 bytes included.
        alphabet: most characters with a token of their own; the common Chinese ones are among them where
            all of them fit in, the others by how often they occur.

    Returns:
        A tokenizer that puts `<|bos|>` first when special tokens are asked for, and never adds `<|end|>`.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    common = common_chinese_characters()
    byte_tokens = [f"<0x{value:02X}>" for value in range(256)]
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Split(Regex(_PIECES), "isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(byte_tokens) - len(SPECIAL_TOKENS),
        limit_alphabet=alphabet,
        initial_alphabet=common if alphabet >= len(common) else [],
        max_token_length=_LONGEST_TOKEN,
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    learned = json.loads(learner.to_str())["model"]
    entries = [*SPECIAL_TOKENS, *byte_tokens, *sorted(learned["vocab"], key=learned["vocab"].__getitem__)]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={token: number for number, token in enumerate(entries)},
            merges=[tuple(pair) for pair in learned["merges"]],
            byte_fallback=True,
        )
    )
    tokenizer.pre_tokenizer = learner.pre_tokenizer
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[f"<|{role}|>" for role in ROLES],
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
    )
