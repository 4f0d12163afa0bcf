import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF

from luthier.evaluation.intervals import point
from luthier.evaluation.metrics.text import common_subsequence, measure, rouge_scores, rouge_tokens
from luthier.evaluation.pairs import Pair
from luthier.inference.prediction import Prediction
from luthier.tasks import Example, Generation

SCORER = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)
WORDS = st.lists(
    st.sampled_from(["the", "cat", "on", "mat,", "don't", "B2B", "Über-cool", "3.5%", "."]), max_size=12
)


@given(WORDS, WORDS)
def test_rouge_equals_rouge_score_on_english(gold, guess):
    gold, guess = " ".join(gold), " ".join(guess)
    expected = SCORER.score(gold, guess)
    got = rouge_scores(gold, guess)
    assert got == pytest.approx([expected[name].fmeasure for name in ("rouge1", "rouge2", "rougeL")])


def test_chinese_characters_are_tokens_and_latin_words_stay_whole():
    assert rouge_tokens("用BERT做分类,提升3.5%") == [*"用", "bert", *"做分类提升", "3", "5"]


def test_rouge_on_chinese_by_hand():
    # 今天天气好 (5 tokens), 今天气温好 (5): common 今 天 气 好 = 4 -> 2 * 4 / 10.
    # Bigrams: 今天 天天 天气 气好 against 今天 天气 气温 温好: 今天 天气 = 2 -> 2 * 2 / 8.
    # Longest: 今天气好 = 4.
    assert rouge_scores("今天天气好", "今天气温好") == pytest.approx((0.8, 0.5, 0.8))


@given(st.text("abc", max_size=15), st.text("abc", max_size=15))
def test_common_subsequence_equals_the_table(one, other):
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, a in enumerate(one, 1):
        for j, b in enumerate(other, 1):
            table[i][j] = table[i - 1][j - 1] + 1 if a == b else max(table[i - 1][j], table[i][j - 1])
    assert common_subsequence(one, other) == table[-1][-1]


CASES = {
    "en": (
        ["The cat sat on the mat.", "Rain falls, slowly."],
        ["A cat sat on the mat.", "Rain falls slowly"],
    ),
    "zh": (
        ["今天天气很好,适合出门。", "模型在BERT上提升明显"],
        ["今天天气不错,适合出门。", "模型比BERT提升明显"],
    ),
}


@pytest.mark.parametrize(("language", "tokenize"), [("en", "13a"), ("zh", "zh")])
def test_corpus_scores_equal_sacrebleu(language, tokenize):
    gold, guess = CASES[language]
    pairs = [
        Pair(Example(str(i), "x", one), Prediction(str(i), other))
        for i, (one, other) in enumerate(zip(gold, guess, strict=True))
    ]
    got = {k: point(v, 2) for k, v in measure(Generation(language=language), pairs).statistics.items()}
    assert got["bleu"] == pytest.approx(BLEU(tokenize=tokenize).corpus_score(guess, [gold]).score)
    assert got["chrf"] == pytest.approx(CHRF().corpus_score(guess, [gold]).score)
    assert got["bleu"] > 10
    assert got["exact_match"] == 0


def test_exact_match_forgives_white_space_around_alone():
    guesses = [" yes\n", "Yes", None]
    pairs = [
        Pair(Example(str(i), "x", "yes"), None if guess is None else Prediction(str(i), guess))
        for i, guess in enumerate(guesses)
    ]
    assert point(measure(Generation(), pairs).statistics["exact_match"], 3) == pytest.approx(1 / 3)
