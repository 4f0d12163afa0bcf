"""English words in a text: where they stand, what form they have, and how another word takes that form."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from luthier.augment.lexicons import Part

_CHUNK = re.compile(r"[^\S\n]+|\n|\S+")
_LEADING = "\"'`“‘«([{*_<¿¡,.;:!?…-–—"
_TRAILING = "\"'`”’»)]}*_>,.;:!?…-–—"
_SENTENCE_END = frozenset(".!?…\n")
_LETTERS = re.compile(r"[A-Za-z]+")
_POSSESSIVE = re.compile(r"([A-Za-z]+)['’][Ss]")
_SPLIT_OFF = frozenset({"'s", "’s", "'re", "'ve", "'ll", "'d", "'m", "n't", "n’t"})
"""Halves of contractions that tokenised corpora write as words of their own."""

_SYLLABLE = re.compile(r"[aeiouy]+")
_VOWEL = re.compile(r"[aeiou]|hones|hono|hour|heir", re.IGNORECASE)
_GLIDE = re.compile(
    r"eu|ew|one|once|ubi|uk|uni(?![nmd])|unanim|uran|uri|us[aeiu]|uten|util|uto[pn]", re.IGNORECASE
)
"""Beginnings that are written with a vowel and spoken with a consonant: a unique, a European, a one-off."""

PART_OF_TAG: Mapping[str, Part] = {
    "NN": "noun",
    "NNS": "noun",
    "VB": "verb",
    "VBP": "verb",
    "VBZ": "verb",
    "VBD": "verb",
    "VBN": "verb",
    "VBG": "verb",
    "JJ": "adjective",
    "JJR": "adjective",
    "JJS": "adjective",
    "RB": "adverb",
    "RBR": "adverb",
    "RBS": "adverb",
}
"""The Penn Treebank's tags for the words that are replaced."""
BASE_TAG: Mapping[Part, str] = {"noun": "NN", "verb": "VB", "adjective": "JJ", "adverb": "RB"}
_UPOS: Mapping[Part, str] = {"noun": "NOUN", "verb": "VERB", "adjective": "ADJ", "adverb": "ADV"}
_PARTS: Mapping[str, Part] = {upos: part for part, upos in _UPOS.items()}
_PERIPHRASIS = {"JJR": "more", "JJS": "most", "RBR": "more", "RBS": "most"}


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch without white space, punctuation at its edges left out.

    Attributes:
        start: Offset in characters.
        end: Offset in characters, exclusive; of `film` in `film's`.
        word: In lower case, with its contracted half: `film's`, `don't`.
        whole: Nothing but Latin letters, `'s` aside; the rest (`well-made`, `2nd`, `a@b.c`) is left alone.
        opens: Punctuation, a new line or nothing at all stands before it.
        begins: It begins a sentence.
    """

    start: int
    end: int
    word: str
    whole: bool
    opens: bool
    begins: bool


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """A tag that a word form may have, and the base form that it then is a form of."""

    tag: str
    lemma: str

    @property
    def part(self) -> Part:
        """The part of speech that the tag belongs to."""
        return PART_OF_TAG[self.tag]


def tokenise(text: str) -> list[Token]:
    """Splits a text at white space, in time proportional to its length."""
    found: list[Token] = []
    opens = begins = True
    for chunk in _CHUNK.finditer(text):
        written = chunk[0]
        if written.isspace():
            if written == "\n":
                opens = begins = True
            continue
        if written.lower() in _SPLIT_OFF:
            found.append(Token(chunk.start(), chunk.end(), written.lower(), False, opens, False))
            continue
        body = written.lstrip(_LEADING)
        before = written[: len(written) - len(body)]
        core = body.rstrip(_TRAILING)
        opens, begins = opens or bool(before), begins or not _SENTENCE_END.isdisjoint(before)
        if core:
            found.append(_token(core, chunk.start() + len(before), opens, begins))
            opens = begins = False
        after = body[len(core) :]
        opens, begins = opens or bool(after), begins or not _SENTENCE_END.isdisjoint(after)
    return found


def _token(core: str, start: int, opens: bool, begins: bool) -> Token:
    possessive = _POSSESSIVE.fullmatch(core)
    end = start + (len(possessive[1]) if possessive else len(core))
    whole = bool(possessive) or _LETTERS.fullmatch(core) is not None
    return Token(start, end, core.lower().replace("’", "'"), whole, opens, begins)


@functools.lru_cache(maxsize=65536)
def readings(form: str) -> frozenset[Reading]:
    """Returns what an English dictionary says a word form may be; nothing for a word it does not have.

    The dictionary is lemminflect's, which is made from the NIH's SPECIALIST Lexicon. It writes a past
    participle only where it differs from the past.
    """
    from lemminflect import getAllInflections, getAllLemmas

    found: set[Reading] = set()
    for upos, lemmas in getAllLemmas(form).items():
        for lemma in lemmas if upos in _PARTS else ():
            known = getAllInflections(lemma, upos)
            for tag in (
                tag for tag in known if tag in PART_OF_TAG and _is_form(form, lemma, tag, known[tag])
            ):
                found.add(Reading(tag, lemma))
                if tag == "VBD" and "VBN" not in known:
                    found.add(Reading("VBN", lemma))
    return frozenset(found)


def _is_form(form: str, lemma: str, tag: str, forms: tuple[str, ...]) -> bool:
    # `film` is a rare plural of `film`: one like the singular counts where it is the first choice.
    return form in forms if form != lemma or tag == BASE_TAG[PART_OF_TAG[tag]] else form == forms[0]


@functools.lru_cache(maxsize=16384)
def inflected(lemma: str, tag: str) -> str | None:
    """Returns the form of a base form that a tag asks for; None where it has none.

    Comparison is written with more and most where -er and -est are not usual. A word that the dictionary
    does not have is inflected by lemminflect's model of regular forms.
    """
    from lemminflect import getAllInflections, getInflection

    part = PART_OF_TAG[tag]
    if tag in {BASE_TAG[part], "VBP"}:
        return lemma
    if tag in _PERIPHRASIS and not _compares_by_ending(lemma):
        return f"{_PERIPHRASIS[tag]} {lemma}"
    if not (known := getAllInflections(lemma, _UPOS[part])):
        forms = getInflection(lemma, tag) if tag not in _PERIPHRASIS else ()
    else:
        forms = known.get(tag) or (known.get("VBD") if tag == "VBN" else None) or ()
    if forms:
        return str(forms[0])
    return f"{_PERIPHRASIS[tag]} {lemma}" if tag in _PERIPHRASIS else None


def _compares_by_ending(lemma: str) -> bool:
    """Tells whether -er and -est are usual: one syllable, or two of which the second is -y."""
    syllables = len(_SYLLABLE.findall(lemma.removesuffix("e")))
    return syllables == 1 or (syllables == 2 and lemma.endswith("y"))


def takes_an(word: str) -> bool:
    """Tells whether the indefinite article before a word is `an`."""
    return _VOWEL.match(word) is not None and _GLIDE.match(word) is None


def written_like(model: str, word: str) -> str:
    """Gives a word the capitals of another."""
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word
