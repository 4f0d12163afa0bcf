"""How word lists are written down."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Returns the words of a text that has white space between them."""
    return frozenset(text.split())


def pairs(text: str) -> frozenset[frozenset[str]]:
    """Returns pairs written "this/that", without their order."""
    return frozenset(frozenset(pair.split("/")) for pair in text.split())
