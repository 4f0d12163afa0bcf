"""Each row of the published table of deviations, for each format, in English and Chinese."""

# ruff: noqa: E501 (a table of cases reads best one a line)
import json

import pytest

from luthier.design.formats import Json, Lines, Natural, Pairs, Style
from luthier.design.reading import DeviationKind as Kind
from luthier.tasks.answer import AnswerSchema, Field

EN = AnswerSchema(
    tuple(
        Field(n, "label", ("positive", "neutral", "negative"), "not mentioned") for n in ("food", "price", "parking")
    ),
    "aspect", "sentiment", "reason",
)  # fmt: skip
ZH = AnswerSchema(
    tuple(Field(n, "label", ("正面", "中性", "负面"), "未提及") for n in ("口味", "价格", "停车")),
    "方面",
    "情感",
    "理由",
)
NUMBERS = AnswerSchema(
    tuple(Field(n, "label", ("1", "0", "-1"), "-2") for n in ("food", "price")),
    "aspect",
    "sentiment",
    "reason",
)
FULL_EN = {"food": ("negative",), "price": ("positive",)}
FULL_ZH = {"口味": ("负面",), "价格": ("正面",)}


def rows(schema, pairs):
    """Spells name-value pairs as each format would."""
    zh = schema is ZH
    name, value = schema.name_key, schema.value_key
    colon, comma, stop = ("：", "，", "。") if zh else (": ", ", ", ".")
    return {
        "natural": comma.join(f"{n}{colon}{v}" for n, v in pairs) + stop,
        "lines": "\n".join(f"{n}{colon}{v}" for n, v in pairs),
        "json": "\n".join(json.dumps({name: n, value: v}, ensure_ascii=False) for n, v in pairs),
        "pairs": "\n".join(json.dumps([n, v], ensure_ascii=False) for n, v in pairs),
    }


FORMATS = {"natural": Natural(), "lines": Lines(), "json": Json(), "pairs": Pairs()}
each_format = pytest.mark.parametrize("name", list(FORMATS))


def read(name, text, schema, language=None, **style):
    language = language or ("zh" if schema is ZH else "en")
    return FORMATS[name].read(text, schema, Style(language, **style))


def kinds(reading):
    return {item.kind for item in reading.deviations}


CASES = [
    # what it is, schema, pairs as written, answer, kinds, format error?
    ("as designed", EN, [("food", "negative"), ("price", "positive"), ("parking", "not mentioned")], FULL_EN, set()),
    ("as designed", ZH, [("口味", "负面"), ("价格", "正面"), ("停车", "未提及")], FULL_ZH, set()),
    ("other words", EN, [("Food quality", "negative"), ("prices", "positive"), ("parking", "not mentioned")],
     FULL_EN, {Kind.OTHER_WORDS}),
    ("other words", ZH, [("口味方面", "负面"), ("价格", "正面"), ("停车", "未提及")], FULL_ZH, {Kind.OTHER_WORDS}),
    ("label in other words", EN, [("food", "very negative"), ("price", "Positive"), ("parking", "n/a")],
     FULL_EN, {Kind.OTHER_WORDS}),
    ("label in other words", ZH, [("口味", "负面的"), ("价格", "偏正面"), ("停车", "没有提到")], FULL_ZH, {Kind.OTHER_WORDS}),
    ("extra", EN, [("food", "negative"), ("price", "positive"), ("parking", "not mentioned"), ("music", "neutral")],
     FULL_EN, {Kind.EXTRA_FIELD}),
    ("extra", ZH, [("口味", "负面"), ("价格", "正面"), ("停车", "未提及"), ("音乐", "中性")], FULL_ZH, {Kind.EXTRA_FIELD}),
    ("missing", EN, [("food", "negative"), ("price", "positive")], FULL_EN, {Kind.MISSING_FIELD}),
    ("missing", ZH, [("口味", "负面"), ("价格", "正面")], FULL_ZH, {Kind.MISSING_FIELD}),
    ("explanation", EN, [("food", "negative because it was cold"), ("price", "positive"), ("parking", "not mentioned")],
     FULL_EN, {Kind.EXPLANATION}),
    ("explanation", ZH, [("口味", "负面（菜都凉了才上桌）"), ("价格", "正面"), ("停车", "未提及")],
     FULL_ZH, {Kind.EXPLANATION}),
    ("second label", EN, [("food", "negative/positive"), ("price", "positive"), ("parking", "not mentioned")],
     FULL_EN, {Kind.SECOND_LABEL}),
    ("second label", EN, [("food", "negative"), ("price", "positive"), ("parking", "not mentioned"), ("food", "neutral")],
     FULL_EN, {Kind.SECOND_LABEL}),
    ("second label", ZH, [("口味", "负面"), ("价格", "正面"), ("停车", "未提及"), ("口味", "中性")],
     FULL_ZH, {Kind.SECOND_LABEL}),
    ("unknown label", EN, [("food", "negative"), ("price", "positive"), ("parking", "purple")],
     FULL_EN, {Kind.UNKNOWN_LABEL}),
    ("unknown label", ZH, [("口味", "负面"), ("价格", "正面"), ("停车", "紫色")], FULL_ZH, {Kind.UNKNOWN_LABEL}),
    ("negated", EN, [("food", "negative"), ("price", "positive"), ("parking", "not negative")],
     FULL_EN, {Kind.UNKNOWN_LABEL}),
]  # fmt: skip


@each_format
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1].name_key}")
def test_a_row_of_the_table(name, case):
    _, schema, pairs, answer, expected = case
    reading = read(name, rows(schema, pairs)[name], schema)
    assert reading.answer == answer
    assert kinds(reading) == expected
    harmless = {Kind.OTHER_WORDS, Kind.EXTRA_FIELD, Kind.MISSING_FIELD}
    assert bool(reading.format_errors) == bool(expected - harmless)


@each_format
@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("The soup was cold when it reached us, but what we paid was fair and the view made up for it.", EN),
        ("I liked the food, although the price: well, it could have been lower.", EN),
        ("菜上来的时候已经凉了，不过价钱还算公道，风景也不错。", ZH),
    ],
)
def test_free_prose_leaves_everything_unmentioned(name, text, schema):
    reading = read(name, text, schema)
    assert reading.answer == {}
    assert kinds(reading) == {Kind.PROSE}


@each_format
@pytest.mark.parametrize("schema", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize("text", ["", "  \n\t "])
@pytest.mark.parametrize("unmentioned", ["placeholder", "omit"])
def test_empty_output_is_an_error(name, schema, text, unmentioned):
    reading = read(name, text, schema, unmentioned=unmentioned)
    assert reading.answer == {}
    assert kinds(reading) == {Kind.EMPTY}


@each_format
@pytest.mark.parametrize(("number", "expected"), [("7", {Kind.OUT_OF_RANGE}), ("-1", set())])
def test_numbers_out_of_range_are_unmentioned(name, number, expected):
    reading = read(name, rows(NUMBERS, [("food", number), ("price", "1")])[name], NUMBERS)
    assert reading.answer == ({"price": ("1",)} if expected else {"food": ("-1",), "price": ("1",)})
    assert kinds(reading) == expected


@each_format
@pytest.mark.parametrize(
    ("schema", "unit", "answer"), [(EN, ("food", "negative"), "negative"), (ZH, ("口味", "负面"), "负面")]
)
def test_degenerate_repetition_keeps_what_parsed(name, schema, unit, answer):
    reading = read(name, rows(schema, [unit] * 60)[name], schema)
    assert reading.answer == {unit[0]: (answer,)}
    assert Kind.REPETITION in kinds(reading)


@pytest.mark.parametrize("name", ["natural", "lines"])
@pytest.mark.parametrize(
    ("text", "schema", "answer"),
    [
        ("food, negative\nprice, positive\nparking, not mentioned", EN, FULL_EN),
        ("food：negative\nprice - positive\nparking: not mentioned", EN, FULL_EN),
        ("food: negative. price: positive. parking: not mentioned.", EN, FULL_EN),
        ("food: negative; price: positive; parking: not mentioned", EN, FULL_EN),
        ("- food: negative\n- price: positive\n- parking: not mentioned", EN, FULL_EN),
        ("food negative\nprice is positive\nparking = not mentioned", EN, FULL_EN),
        ("口味，负面\n价格，正面\n停车，未提及", ZH, FULL_ZH),
        ("口味:负面；价格:正面；停车:未提及", ZH, FULL_ZH),
        ("口味负面。价格是正面。停车：未提及", ZH, FULL_ZH),
    ],
)
def test_wrong_punctuation_is_repaired(name, text, schema, answer):
    reading = read(name, text, schema)
    assert reading.answer == answer
    assert Kind.PUNCTUATION in kinds(reading)
    assert kinds(reading) <= {Kind.PUNCTUATION}


@pytest.mark.parametrize("text", [
    '{"aspect": "food", "sentiment": "negative"}\n{"aspect": "price", "sentiment": "positive"}\n{"aspect": "par',
    '{"aspect": "food", "sentiment": "negative"\n{"aspect": "price", "sentiment": "positive"}',
    "{'aspect': 'food', 'sentiment': 'negative'}\n{'aspect': 'price', 'sentiment': 'positive'}",
    '[{"aspect": "food", "sentiment": "negative"}, {"aspect": "price", "sentiment": "positive"',
    '{"aspect"："food"，"sentiment"："negative"}\n{"aspect": "price", "sentiment": "positive"}',
])  # fmt: skip
def test_broken_json_is_salvaged(text):
    reading = read("json", text, EN)
    assert reading.answer == FULL_EN
    assert Kind.BROKEN_JSON in kinds(reading)


@pytest.mark.parametrize("text", [
    '[{"aspect": "food", "sentiment": "negative"}, {"aspect": "price", "sentiment": "positive"}]',
    '```json\n{"aspect": "food", "sentiment": "negative"}\n{"aspect": "price", "sentiment": "positive"}\n```',
    '{"food": "negative", "price": "positive"}',
])  # fmt: skip
def test_json_in_another_arrangement_is_read(text):
    reading = read("json", text, EN, unmentioned="omit")
    assert reading.answer == FULL_EN
    assert kinds(reading) == {Kind.PUNCTUATION}


@each_format
def test_nothing_mentioned_is_the_bare_placeholder_where_fields_are_omitted(name):
    style = Style("en", "omit")
    text = FORMATS[name].write({}, EN, style).text
    assert text in ("not mentioned", '"not mentioned"')
    assert FORMATS[name].read(text, EN, style).deviations == ()


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("positive", ("positive",), None),
        ("Positive", ("positive",), Kind.OTHER_WORDS),
        ("positive.", ("positive",), Kind.PUNCTUATION),
        ("Answer: positive", ("positive",), Kind.OTHER_WORDS),
        ("positive\nThe reviewer liked it.", ("positive",), Kind.EXPLANATION),
        ("positive\nnegative", ("positive",), Kind.SECOND_LABEL),
        ("positive positive positive positive", ("positive",), Kind.REPETITION),
        ("purple", (), Kind.UNKNOWN_LABEL),
        ("It is hard to tell what the writer of this felt about it.", (), Kind.PROSE),
    ],
)
@pytest.mark.parametrize("name", ["natural", "lines"])
def test_a_single_label(name, text, value, kind):
    schema = AnswerSchema(
        (Field("", "label", ("positive", "neutral", "negative")),), "label", "label", "reason"
    )
    reading = read(name, text, schema)
    assert reading.answer.get("", ()) == value
    assert kinds(reading) == ({kind} if kind else set())


def test_english_and_chinese_are_written_as_people_write_them():
    answer = {"food": ("negative",), "price": ("positive",)}
    omit = Style("en", "omit")
    assert Natural().write(answer, EN, omit).text == "food: negative, price: positive."
    assert (
        Lines().write(answer, EN, Style()).text == "food: negative\nprice: positive\nparking: not mentioned"
    )
    assert Pairs().write(answer, EN, omit).text == '["food", "negative"]\n["price", "positive"]'
    assert Natural().write(FULL_ZH, ZH, Style("zh", "omit")).text == "口味：负面，价格：正面。"
    reasons = {"food": "cold"}
    before = Json().write({"food": ("negative",)}, EN, Style("en", "omit", "before"), reasons).text
    assert before == '{"aspect": "food", "reason": "cold", "sentiment": "negative"}'
    after = Json().write({"food": ("negative",)}, EN, Style("en", "omit", "after"), reasons).text
    assert after == '{"aspect": "food", "sentiment": "negative", "reason": "cold"}'


def test_strings_are_joined_and_quoted_where_needed():
    schema = AnswerSchema(
        (Field("ORG", "strings", (), "none"), Field("PER", "strings", (), "none")), "type", "e", "r"
    )
    answer = {"ORG": ("Acme; Co", "none", "Beta, Inc"), "PER": ()}
    assert Lines().write(answer, schema, Style()).text == 'ORG: "Acme; Co"; "none"; Beta, Inc\nPER: none'


@pytest.mark.parametrize("name", ["natural", "lines"])
def test_a_lead_in_before_a_short_label_is_passed_over(name):
    schema = AnswerSchema((Field("", "label", ("A", "B")),), "label", "label", "reason")
    reading = read(name, "Answer: B", schema)
    assert reading.answer == {"": ("B",)}
    assert kinds(reading) == {Kind.PUNCTUATION}


def test_names_in_markdown_are_read():
    reading = read("lines", "**food**: negative\n**price**: positive\n**parking**: not mentioned", EN)
    assert reading.answer == FULL_EN
    assert kinds(reading) == {Kind.PUNCTUATION}


def test_a_pair_that_breaks_off_is_salvaged():
    reading = read("pairs", '["food", "negative"]\n["price", "positive', EN, unmentioned="omit")
    assert reading.answer == FULL_EN
    assert kinds(reading) == {Kind.BROKEN_JSON}


@pytest.mark.parametrize("name", ["natural", "lines"])
@pytest.mark.parametrize("text", [
    "1. food: negative\n2. price: positive\n3. parking: not mentioned",
    "1) food: negative\n2) price: positive\n3) parking: not mentioned",
    "| food | negative |\n| price | positive |\n| parking | not mentioned |",
])  # fmt: skip
def test_lists_and_tables_are_wrong_punctuation(name, text):
    reading = read(name, text, EN)
    assert reading.answer == FULL_EN
    assert kinds(reading) == {Kind.PUNCTUATION}


@pytest.mark.parametrize("name", ["natural", "lines"])
def test_a_label_under_prose_is_not_the_label_of_a_name_in_it(name):
    reading = read(name, "What they say of the food and the rest\npositive", EN)
    assert reading.answer == {}
    assert reading.format_errors


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("正面和负面", ("正面",), Kind.SECOND_LABEL),
        ("正面但负面", ("正面",), Kind.SECOND_LABEL),
        ("负面负面负面", ("负面",), Kind.REPETITION),
        ("正面情感", ("正面",), Kind.OTHER_WORDS),
        ("标签：正面", ("正面",), Kind.OTHER_WORDS),
        ("这段文本是正面的", ("正面",), Kind.EXPLANATION),
        ("我认为是正面，因为好吃", ("正面",), Kind.EXPLANATION),
        ("不是正面", (), Kind.UNKNOWN_LABEL),
    ],
)
def test_a_single_chinese_label(text, value, kind):
    schema = AnswerSchema((Field("", "label", ("正面", "负面")),), "标签", "标签", "理由")
    reading = read("lines", text, schema, language="zh")
    assert reading.answer.get("", ()) == value
    assert kinds(reading) == {kind}


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (("helpful", "neutral"), "unhelpful"),
        (("satisfied", "neutral"), "dissatisfied"),
        (("unsafe", "unknown"), "safe"),
        (("relevant", "other"), "irrelevant"),
    ],
)
def test_the_opposite_of_a_label_is_not_a_misspelling_of_it(labels, text):
    schema = AnswerSchema((Field("", "label", labels),), "label", "label", "reason")
    assert read("lines", text, schema).answer == {}


@each_format
@pytest.mark.parametrize(
    ("schema", "text"), [(EN, "None."), (EN, "Not mentioned"), (ZH, "无。"), (ZH, "没有提到")]
)
def test_nothing_in_other_words_is_no_format_error(name, schema, text):
    reading = read(name, text, schema, unmentioned="omit")
    assert reading.answer == {}
    assert kinds(reading) == {Kind.OTHER_WORDS}


@pytest.mark.parametrize("name", ["natural", "lines"])
@pytest.mark.parametrize(
    "text", ["joy; anger", "joy and anger", "joy\nanger", "- joy\n- anger", '["joy", "anger"]']
)
def test_several_labels_with_wrong_punctuation_are_all_read(name, text):
    schema = AnswerSchema(
        (Field("", "labels", ("joy", "anger", "fear"), "none"),), "label", "label", "reason"
    )
    reading = read(name, text, schema)
    assert reading.answer == {"": ("joy", "anger")}
    assert kinds(reading) == {Kind.PUNCTUATION}


def test_prose_under_several_labels_adds_none():
    schema = AnswerSchema(
        (Field("", "labels", ("joy", "anger", "fear"), "none"),), "label", "label", "reason"
    )
    assert read("lines", "joy\nThere is no trace of anger in what is said here.", schema).answer == {
        "": ("joy",)
    }


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"aspects": [{"aspect": "food", "sentiment": "negative"}, {"aspect": "price", "sentiment": "positive"}]}',
         Kind.PUNCTUATION),
        ('{"aspect": "food", "label": "negative"}\n{"aspect": "price", "label": "positive"}', Kind.BROKEN_JSON),
        ('{"aspect": "food", "sentiment": {"label": "negative"}}\n{"aspect": "price", "sentiment": "positive"}',
         Kind.PUNCTUATION),
    ],
)  # fmt: skip
def test_json_of_another_make_is_salvaged(text, kind):
    reading = read("json", text, EN, unmentioned="omit")
    assert reading.answer == FULL_EN
    assert kinds(reading) == {kind}


def test_a_json_object_without_a_name_is_a_format_error():
    reading = read("json", '{"sentiment": "negative"}', EN)
    assert reading.answer == {}
    assert reading.format_errors


@pytest.mark.parametrize("text", ['{"output": "a\\nb"', "{'output': 'a\\nb'}", '{"answer": "a\\nb"}'])
def test_the_output_of_broken_json_is_salvaged(text):
    schema = AnswerSchema((Field("", "text"),), "output", "output", "reason")
    reading = read("json", text, schema)
    assert reading.answer[""][0].replace("\\n", "\n") == "a\nb"
    assert kinds(reading) == {Kind.BROKEN_JSON}


def test_a_json_list_of_strings_in_a_line_is_read():
    schema = AnswerSchema((Field("ORG", "strings", (), "none"),), "type", "entities", "reason")
    reading = read("lines", 'ORG: ["Acme", "Beta"]', schema)
    assert reading.answer == {"ORG": ("Acme", "Beta")}
    assert kinds(reading) == {Kind.PUNCTUATION}
