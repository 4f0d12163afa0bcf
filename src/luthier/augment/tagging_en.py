"""What an English word is where it stands: readings are struck out by its neighbours until one is left.

A small constraint grammar (Karlsson 1990, "Constraint Grammar as a Framework for Parsing Running Text"):
a dictionary gives every reading of a form, rules that look at the words around it strike out those that
cannot be, and a word is only sure where one part of speech is left. It is made for leaving words alone,
not for tagging them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from luthier.augment.words_en import Reading, Token, readings


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DETERMINERS = _words("a an the my your our their its his every")
_DEMONSTRATIVES = _words("this each another such")
_PLURALS = _words("these those some any no few many several both all")
_PREPOSITIONS = _words(
    "of in for with at from by into about during without through between against among within under above "
    "across behind beyond despite per via toward towards onto upon"
)
_BE = _words(
    "is am are was were be been being isn't aren't wasn't weren't 's 're 'm it's that's he's she's i'm "
    "you're we're they're there's what's who's here's everything's"
)
_LINKS = _words(
    "seem seems seemed look looks looked feel feels felt sound sounds sounded taste tastes tasted smell "
    "smells smelled become becomes became remain remains remained stay stays stayed get gets got getting "
    "appear appears appeared"
)
_HAVE = _words("have has had having haven't hasn't hadn't 've i've we've they've you've")
_MODALS = _words(
    "can could will would shall should may might must cannot can't couldn't won't wouldn't shouldn't "
    "mustn't don't doesn't didn't 'll i'll you'll he'll she'll it'll we'll they'll i'd you'd he'd she'd "
    "we'd they'd let's"
)
_SUBJECTS = _words("i we they he she who")
_OBJECTS = _words("me him us them you it her myself yourself himself herself itself ourselves themselves")
_SURE_DEGREES = _words(
    "very too extremely utterly somewhat incredibly remarkably unbelievably awfully terribly"
)
_ADVERBS = _SURE_DEGREES | _words(
    "not n't never so quite rather pretty fairly really truly absolutely completely totally entirely "
    "slightly more most less least as how also just still always often sometimes usually even only "
    "already simply both almost nearly rarely seldom genuinely particularly especially equally thoroughly "
    "clearly"
)
_JOINS = _words("and or but yet")
_AFTER_ADJECTIVE = _JOINS | _words("to as than for in at with about that when if because at on from enough")
_CLOSED = (
    _DETERMINERS
    | _DEMONSTRATIVES
    | _PLURALS
    | _PREPOSITIONS
    | _BE
    | _HAVE
    | _MODALS
    | _SUBJECTS
    | _OBJECTS
    | _ADVERBS
    | _AFTER_ADJECTIVE
    | _words(
        "which what whose when where why while although though if because since until unless nor not do does "
        "did"
    )
)
_GRAMMAR = (_CLOSED - _ADVERBS) | _words(
    "not n't never so too very somewhat quite rather pretty fairly more most less least as how also just "
    "still always even only already both however therefore thus hence moreover nevertheless nonetheless "
    "instead otherwise then now here there hardly scarcely barely well once doing done"
)
"""Words that hold a sentence together, or turn it round: no list is right about them everywhere."""
_OBJECT_STARTS = _OBJECTS | _DETERMINERS | _DEMONSTRATIVES | _PLURALS

_FINITE = frozenset({"VB", "VBP", "VBZ", "VBD"})
_NOUNS = frozenset({"NN", "NNS"})
_ADJECTIVES = frozenset({"JJ", "JJR", "JJS"})
_GRADED = _ADJECTIVES | {"RB", "RBR", "RBS"}
_PARTICIPLES = frozenset({"VBD", "VBN", "VBG"})


@dataclass(frozen=True, slots=True)
class Context:
    """The neighbours of a word inside its clause: no punctuation stands between.

    Attributes:
        before: The words before it, the nearest first, at most three.
        after: The word after it; None where punctuation or nothing follows.
    """

    before: tuple[str, ...]
    after: str | None

    @classmethod
    def of(cls, tokens: Sequence[Token], at: int) -> Context:
        """Returns the context of the token with index `at`."""
        before: list[str] = []
        place = at
        while place > 0 and not tokens[place].opens and len(before) < 3:
            place -= 1
            before.append(tokens[place].word)
        # After film's comes what the film has or is: nothing that tells more about film.
        owner = tokens[at].word.endswith("'s")
        follows = not owner and at + 1 < len(tokens) and not tokens[at + 1].opens
        return cls(tuple(before), tokens[at + 1].word if follows else None)

    @property
    def previous(self) -> str | None:
        """The word before it."""
        return self.before[0] if self.before else None

    @property
    def head(self) -> str | None:
        """The nearest word before it that is no adverb."""
        return next((word for word in self.before if word not in _ADVERBS), None)

    @property
    def noun_follows(self) -> bool:
        """Whether the next word may be a noun: a word that the dictionary does not have may."""
        return self.after is not None and self.after not in _CLOSED and _may_be(self.after, _NOUNS)


def left_standing(context: Context, found: Iterable[Reading]) -> frozenset[Reading]:
    """Strikes out the readings that the neighbours forbid.

    Returns:
        What is left: of one part of speech where the word is sure; nothing where the rules contradict
        each other.
    """
    struck = _struck(context)
    left = frozenset(reading for reading in found if reading.tag not in struck)
    if any(reading.tag == "VB" for reading in left) and context.head in _MODALS | {"to", "do", "does", "did"}:
        return frozenset(reading for reading in left if reading.tag == "VB")
    return _without_past(
        context, _without_one_of_adjective_and_noun(context, _without_participle(context, left))
    )


def is_grammatical(word: str) -> bool:
    """Tells whether a word holds the sentence together and is never replaced: but, not, did, however."""
    return word in _GRAMMAR


def is_first_of_compound(context: Context, plural: bool) -> bool:
    """Tells whether a noun may stand before another that it belongs to: `film` in `the film industry`."""
    if context.after is None or not context.noun_follows:
        return False
    tags = {reading.tag for reading in readings(context.after)}
    return tags.isdisjoint({"VB", "VBD"} if plural else {"VBZ", "VBD"})


def _may_be(word: str, tags: frozenset[str]) -> bool:
    found = readings(word)
    return not found or any(reading.tag in tags for reading in found)


def _only(word: str, tags: frozenset[str]) -> bool:
    found = {reading.tag for reading in readings(word)} if word not in _CLOSED else set()
    return bool(found) and found <= tags


def _needs_no_verb_after(context: Context, previous: str) -> bool:
    """Whether the word before is an adjective or a verb, after which no finite verb comes at once."""
    if not _only(previous, _ADJECTIVES | _FINITE | _PARTICIPLES):
        return False
    tags = {reading.tag for reading in readings(previous)}
    # The dishes ordered arrive cold: a participle alone may end a noun phrase.
    return (
        "VBN" not in tags or not tags.isdisjoint(_ADJECTIVES) or not _SUBJECTS.isdisjoint(context.before[1:2])
    )


def _follows_noun(context: Context) -> bool:
    """Whether the word before is a noun for sure."""
    previous = context.previous
    if previous is None or previous in _CLOSED or not _may_be(previous, _NOUNS):
        return False
    before = context.before[1] if len(context.before) > 1 else None
    return _only(previous, _NOUNS) or before in _DETERMINERS | _DEMONSTRATIVES | _PLURALS | _PREPOSITIONS


def _struck(context: Context) -> frozenset[str]:
    """The tags that cannot be, whatever the word is."""
    previous, struck = context.previous, set[str]()
    if previous is not None:
        if previous in _DETERMINERS | _PREPOSITIONS or _needs_no_verb_after(context, previous):
            struck |= _FINITE
        if previous in _DEMONSTRATIVES or _only(previous, frozenset({"NN"})):
            struck |= {"VB", "VBP"}
        if previous in _PLURALS:
            struck.add("VBZ")
        if previous in _SURE_DEGREES:
            struck |= _FINITE | _NOUNS | _PARTICIPLES
        if previous in _SUBJECTS:
            struck |= _NOUNS | _ADJECTIVES | {"VBN", "VBG"}
            struck |= {"VB", "VBP"} if previous in {"he", "she"} else {"VBZ"} if previous != "who" else set()
        if previous in {"you", "it"}:
            struck |= _NOUNS
    if context.head in _BE:
        struck |= _FINITE | {"NN"}
    elif context.head in _HAVE:
        struck |= _FINITE
    if context.after in _BE | _HAVE | _MODALS:
        struck |= _FINITE
    return frozenset(struck)


def _without_participle(context: Context, left: frozenset[Reading]) -> frozenset[Reading]:
    """Decides between `a boring film` and `boring holes`; unsure, nothing is left."""
    tags = {reading.tag for reading in left}
    if tags.isdisjoint(_ADJECTIVES) or tags.isdisjoint(_PARTICIPLES):
        return left
    adjectival = _is_adjectival(context, "VBG" in tags)
    if adjectival is None:
        return frozenset()
    return frozenset(reading for reading in left if (reading.tag in _ADJECTIVES) == adjectival)


def _is_adjectival(context: Context, ing: bool) -> bool | None:
    """Whether a participle stands as an adjective; None where that is not sure."""
    previous, head, after = context.previous, context.head, context.after
    has_object = after in _OBJECT_STARTS
    ends = after is None or after in _AFTER_ADJECTIVE
    if previous in _SURE_DEGREES:
        return True
    if head in _BE | _LINKS:
        if ing:
            return False if has_object else True if ends else None
        return False if after == "by" else None if has_object else True
    if not ing and (head in _SUBJECTS | _HAVE or (has_object and _follows_noun(context))):
        return False
    attributive = previous is None or previous in _DETERMINERS | _DEMONSTRATIVES | _PLURALS | _PREPOSITIONS
    if attributive or (previous is not None and _only(previous, _ADJECTIVES)):
        return (
            True if context.noun_follows or after in _JOINS or (previous is None and after is None) else None
        )
    if previous in _JOINS and len(context.before) > 1 and _only(context.before[1], _GRADED):
        return True if context.noun_follows or after is None or after in _JOINS else None
    if previous in _OBJECTS and ends and (ing or previous not in {"it", "you"}):
        return True
    return None


def _without_one_of_adjective_and_noun(context: Context, left: frozenset[Reading]) -> frozenset[Reading]:
    """Decides between `an expert` and `an expert opinion`."""
    tags = {reading.tag for reading in left}
    if tags.isdisjoint(_ADJECTIVES) or tags.isdisjoint(_NOUNS):
        return left
    if context.noun_follows:
        return frozenset(reading for reading in left if reading.tag not in _NOUNS)
    if context.previous in _DETERMINERS | _DEMONSTRATIVES | _PLURALS or context.head not in _BE | _LINKS:
        return frozenset(reading for reading in left if reading.tag not in _ADJECTIVES)
    return left


def _without_past(context: Context, left: frozenset[Reading]) -> frozenset[Reading]:
    """Decides between past and past participle; both stay where nothing tells."""
    tags = {reading.tag for reading in left}
    if not tags >= {"VBD", "VBN"}:
        return left
    drop = "VBD" if context.after == "by" else "VBN" if context.previous in _SUBJECTS else ""
    return frozenset(reading for reading in left if reading.tag != drop)
