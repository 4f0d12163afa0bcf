"""Synonyms take the place, the form and the capitals of the words they replace, or nothing is replaced."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from tests.augment.contract import AugmenterContract

from luthier.augment.base import Source
from luthier.augment.synonyms import Synonyms
from luthier.augment.variant import Span
from luthier.errors import DataError, UserError
from luthier.text import Language


def variants(
    text: str, language: Language, protected: tuple[Span, ...] = (), augmenter: Synonyms | None = None
) -> set[str]:
    """Every text that comes out where all replaceable words are replaced."""
    augmenter = augmenter or Synonyms(share=1)
    source = Source(text, language, protected)
    return {augmenter.vary(source, Random(seed)).after for seed in range(40)}


class TestContract(AugmenterContract):
    augmenters = (Synonyms(), Synonyms(share=1))
    changed = (
        ("en", "The food was terrific but the movie was boring, and we often bought tickets."),
        ("zh", "服务员非常友好，咖啡馆的甜品也很好吃，冰淇淋十分正宗。"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I bought two movies.", {"I purchased two films."}),
        ("She detests doctors.", {f"She {verb} physicians." for verb in ("abhors", "despises", "loathes")}),
        ("They kept buying cabs.", {"They kept purchasing taxis."}),
        ("He had flung it into the garbage.", {"He had hurled it into the rubbish."}),
        ("We wept.", {"We sobbed."}),
        ("She has hurled insults.", {"She has flung insults."}),
        ("The manager oversaw the repairs.", {"The manager supervised the repairs."}),
        ("The soup is tastier here.", {"The soup is more flavorful here."}),
        ("Their daughters are tinier.", {"Their daughters are more minuscule."}),
        ("The scariest part came later.", {"The most frightening part came later."}),
        ("a more contemporary look", {"a more modern look"}),
        ("Two of the enemies' fortresses fell.", {"Two of the enemies' citadels fell."}),
    ],
)
def test_inflection_is_kept(text: str, expected: set[str]) -> None:
    assert variants(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It was a huge room.", {f"It was {a} room." for a in ("an enormous", "a gigantic", "a massive")}),
        ("An enormous room.", {f"{a} room." for a in ("A huge", "A gigantic", "A massive")}),
        ("Such an honest waiter!", {"Such a truthful waiter!"}),
        ("a uniqueness of its own", {"a distinctiveness of its own"}),
        ("an achievable goal", {"an attainable goal"}),
    ],
)
def test_the_article_follows_the_sound_of_the_new_word(text: str, expected: set[str]) -> None:
    assert variants(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Unfortunately, it rained.", {"Regrettably, it rained."}),
        ("It was BORING!", {"It was TEDIOUS!"}),
        ("I love that film's ending.", {"I love that movie's ending."}),
        ("(maybe)", {"(perhaps)"}),
        ("a slow , boring film , is n't it ?", {"a slow , tedious movie , is n't it ?"}),
    ],
)
def test_capitals_and_punctuation_stay(text: str, expected: set[str]) -> None:
    assert variants(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The plot is boring.", {"The plot is tedious."}),
        ("I find it boring.", {"I find it tedious."}),
        ("It was a boring and predictable plot.", {"It was a tedious and predictable plot."}),
        ("The noise annoyed the guests.", {"The noise irked the guests."}),
        ("The guests were annoyed.", {"The guests were irritated."}),
        ("Frightened guests left.", {"Scared guests left."}),
    ],
)
def test_a_participle_is_an_adjective_where_it_stands_as_one(text: str, expected: set[str]) -> None:
    assert variants(text, "en") == expected


@pytest.mark.parametrize(
    "text",
    [
        "They were boring holes.",
        "He is boring the audience.",
        "They film at night.",
        "We saw Fury and Gem in the lobby.",
        "Huge Thanks to Shy Media.",
        "a classic film noir",
        "To be honest, they buy time.",
        "the film industry",
        "a well-meant film-making e-mail: movie@film.com, film.txt",
        "She shouted out.",
        "Two AD and one LAB.",
        "The drill bores.",
    ],
)
def test_an_english_word_is_left_alone_where_it_is_not_sure(text: str) -> None:
    assert variants(text, "en") == {text}


def test_nothing_protected_changes_even_an_article() -> None:
    assert variants("It was a huge room.", "en", ((9, 13),)) == {"It was a huge room."}
    found = variants("It was a huge room.", "en", ((7, 8),))
    assert found == {"It was a gigantic room.", "It was a massive room."}


def test_the_share_counts_the_replaceable_words_and_takes_at_least_one() -> None:
    text = "Maybe. " * 10
    source = Source(text, "en")
    for share, expected in ((0.01, 1), (0.2, 2), (0.5, 5), (1.0, 10)):
        after = Synonyms(share=share).vary(source, Random(0)).after
        assert after.count("Perhaps") == expected


def test_a_list_of_ones_own_stands_beside_the_shipped_one_or_alone(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("[noun]\nramen noodles\n[any]\nyummy scrummy\n[noun]\n拉面 汤面\n", encoding="utf-8")
    both = Synonyms(share=1, lexicons=(path,))
    assert variants("yummy ramen, maybe", "en", augmenter=both) == {"scrummy noodles, perhaps"}
    alone = Synonyms(share=1, lexicons=(path,), shipped=False)
    assert variants("yummy ramen, maybe", "en", augmenter=alone) == {"scrummy noodles, maybe"}
    assert variants("拉面和冰淇淋", "zh", augmenter=alone) == {"汤面和冰淇淋"}


def test_a_list_that_is_not_there_is_told_and_so_is_wordnet(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        Synonyms(lexicons=(tmp_path / "none.txt",)).vary(Source("a", "en"), Random(0))
    with pytest.raises(UserError, match="no WordNet folder"):
        Synonyms(wordnet=tmp_path).vary(Source("a", "en"), Random(0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("服务员很友好。", {"服务生很友善。"}),
        ("商家啊", {"店家啊"}),
        ("这家的土豆特别好吃！", {"这家的马铃薯特别可口！"}),
        ("我非常喜欢。", {"我十分喜欢。"}),
        ("说实话，一般。", {"说真的，一般。"}),
        ("快递小哥致歉了", {"快递小哥道歉了"}),
        ("The 卫生间 is ok", {"The 洗手间 is ok"}),
    ],
)
def test_a_chinese_word_gives_way_to_one_of_its_part_of_speech(text: str, expected: set[str]) -> None:
    assert variants(text, "zh") == expected


@pytest.mark.parametrize(
    "text",
    [
        "给他打十分。",  # ten points, not `very`
        "我不经常来。",  # 不常常 is not said
        "风采依旧。",  # the predicate
        "送餐很准时。",  # an adjective after 很
        "我们打扫打扫。",  # doubled
        "喝酒不喝酒都行",  # a question of doubled verbs
        "枯燥又乏味",  # would become 乏味又乏味
        "墙上有照片墙",  # 照片 is the first half of a word
        "看了《土豆》这部片子",  # a title
        "黑色幽默",  # a fixed expression
        "可口可乐",  # one segment
    ],
)
def test_a_chinese_word_is_left_alone_where_it_is_not_sure(text: str) -> None:
    assert variants(text, "zh") == {text}


def test_no_word_comes_to_stand_beside_its_like() -> None:
    assert variants("fair and unfair, unjust", "en") == {"fair and unfair, unjust"}
    assert variants("an awful movie, a film", "en") == {
        f"{article} movie, a film" for article in ("a dreadful", "a horrible", "a terrible")
    }


def test_a_word_under_two_parts_of_speech_follows_jiebas_tag(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("noun: [[味道, 口味]]\nverb: [[味道, 品尝]]\n", encoding="utf-8")
    own = Synonyms(share=1, lexicons=(path,), shipped=False)
    assert variants("味道不错", "zh", augmenter=own) == {"口味不错"}


def test_words_that_hold_a_sentence_together_stay_whatever_a_list_says(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("not non\nbut just\ndo make\nhowever withal\nexpect anticipate\n", encoding="utf-8")
    own = Synonyms(share=1, lexicons=(path,), shipped=False)
    text = "However, I did not {} much, but you do."
    assert variants(text.format("expect"), "en", augmenter=own) == {text.format("anticipate")}
