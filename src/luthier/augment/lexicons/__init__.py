"""Lists of words that may stand for each other: the shipped ones, the user's own, and WordNet's."""

from luthier.augment.lexicons.lexicon import PARTS, Group, Lexicon, Part
from luthier.augment.lexicons.reading import read_lexicon
from luthier.augment.lexicons.shipped import shipped
from luthier.augment.lexicons.wordnet import find_wordnet, read_wordnet

__all__ = ["PARTS", "Group", "Lexicon", "Part", "find_wordnet", "read_lexicon", "read_wordnet", "shipped"]
