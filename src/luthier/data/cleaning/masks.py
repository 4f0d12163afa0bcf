"""Personal data that a text may hold: found by form and, where a number has check digits, by these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from luthier.data.cleaning.rules import Rule
from luthier.edits import Edit, Rewritten, apply
from luthier.text import Language, guess_language

Kind = Literal["email", "phone", "id", "card"]

WORDS: Mapping[Language, Mapping[Kind, str]] = {
    "en": {"email": "[email]", "phone": "[phone]", "id": "[ID number]", "card": "[card number]"},
    "zh": {"email": "[邮箱]", "phone": "[电话]", "id": "[证件号]", "card": "[卡号]"},
}
_FORMS: Mapping[Kind, tuple[str, ...]] = {
    "email": (
        r"(?<![\w.+%-])[A-Za-z0-9](?:[\w.+%-]{0,62}[A-Za-z0-9_])?@"
        r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z_-])",
    ),
    "id": (
        r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])",
        r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])",
    ),
    "card": (
        r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)",
        r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])",
    ),
    "phone": (
        r"(?<![\d+])(?:(?:\+|00)?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)",
        r"(?<!\d)(?:\(0\d{2,3}\)|（0\d{2,3}）|0\d{2,3}[ -])[ ]?[2-9]\d{6,7}(?:-\d{1,5})?(?!\d)",
        r"(?<!\d)[48]00[ -]?\d{3}[ -]?\d{4}(?!\d)",
        r"(?<![\d+])\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}(?!\d)",
        r"(?<![\d-])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}(?![\d-])",
    ),
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Mask(Rule):
    """E-mail addresses, telephone, identity and card numbers; a word that says which comes in their place."""

    kinds: tuple[Kind, ...] = ("email", "phone", "id", "card")
    """What is masked. Numbers count where their check digits are right: identity numbers of China (GB
    11643), cards (ISO/IEC 7812, Luhn), accounts (ISO 13616, IBAN); those of the United States by form."""
    language: Language | None = None
    """Of the words; None: each text's own."""

    def concerns(self, text: str) -> bool:
        """As `Rule.concerns`."""
        return "@" in text or _DIGITS.search(text) is not None

    def rewrite(self, text: str) -> Rewritten:
        """As `Rule.rewrite`."""
        words = WORDS[self.language or guess_language(text)]
        found = Rewritten(text, text, ())
        for _ in range(_PASSES):
            more = self._edits(found.after, words)
            if not more:
                break
            placed = [Edit(*found.backward(edit.start, edit.end), edit.text) for edit in more]
            found = apply(text, sorted([*found.edits, *placed], key=lambda edit: edit.start))
        return found

    def _edits(self, text: str, words: Mapping[Kind, str]) -> list[Edit]:
        edits, taken = [], bytearray(len(text))
        for kind in _ORDER:
            for pattern in _PATTERNS[kind] if kind in self.kinds else ():
                for found in pattern.finditer(text):
                    place = slice(*found.span())
                    if not any(taken[place]) and _is_one(kind, found[0]):
                        taken[place] = b"\1" * len(found[0])
                        edits.append(Edit(*found.span(), words[kind]))
        return edits


_ORDER: tuple[Kind, ...] = ("email", "id", "card", "phone")
_PASSES = 4
"""What stood against something that is masked now ("a@b.co13812345678") shows in the next pass."""

_DIGITS = re.compile(r"[0-9][ -]?[0-9]")
_PATTERNS = {kind: tuple(re.compile(form, re.ASCII) for form in forms) for kind, forms in _FORMS.items()}


def _is_one(kind: Kind, found: str) -> bool:
    compact = re.sub(r"[ -]", "", found)
    if kind == "card":
        return _luhn(compact) if compact.isdigit() else _iban(compact)
    if kind == "id" and len(compact) == 18:
        return _chinese_identity(compact)
    return True


def _chinese_identity(number: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def _luhn(number: str) -> bool:
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(number)))
    return len(set(number)) > 1 and sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def _iban(number: str) -> bool:
    turned = number[4:] + number[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1
