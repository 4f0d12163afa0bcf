import pytest
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from luthier.design import ChatTemplate, Design, SampleWriter
from luthier.errors import UserError
from luthier.tasks import Aspects, Example, Generation, Turn

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}"
    "{% set sys = messages[0]['content'] %}"
    "{% else %}{% set rest = messages %}{% set sys = false %}{% endif %}"
    "{% for m in rest %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% if loop.index0 == 0 and sys %}{% set c = '<<SYS>>\n' + sys + '\n<</SYS>>\n\n' + m['content'] %}"
    "{% else %}{% set c = m['content'] %}{% endif %}"
    "{% if m['role'] == 'user' %}{{ '<s>[INST] ' + c.strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + c.strip() + ' </s>' }}{% endif %}{% endfor %}"
)
GEMMA = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "<bos>{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
    "{{ m['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
TEMPLATES = {"chatml": (CHATML, "<|im_end|>"), "llama2": (LLAMA2, "</s>"), "gemma": (GEMMA, "<end_of_turn>")}
ASPECTS = Aspects(aspects=("food", "price"))
REVIEW = Example("r1", "The soup was cold.", {"food": "negative"})
ANSWER = "food: negative\nprice: not mentioned"


@pytest.fixture(params=TEMPLATES)
def chat(request):
    source, end = TEMPLATES[request.param]
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()))
    tokenizer.chat_template = source

    def render(messages, generate):
        return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=generate)

    return ChatTemplate(render, end)


def writer(template, task=ASPECTS, **options):
    options.setdefault("instructions", ("Judge {fields}.",))
    return SampleWriter(Design.model_validate(options), task, template, "<eos>")


def own_rendering(chat, system, user, history=()):
    """What the tokenizer is given; without a system role it is folded into the first turn."""
    turns = [*history, {"role": "user", "content": user}]
    if "System role not supported" in refusal(chat):
        turns[0] = {"role": "user", "content": system + "\n\n" + turns[0]["content"]}
        return turns
    return [{"role": "system", "content": system}, *turns]


def refusal(chat):
    try:
        chat.render([{"role": "system", "content": "x"}, {"role": "user", "content": "y"}], True)
    except Exception as error:
        return str(error)
    return ""


def test_the_prompt_is_the_tokenizers_own_rendering(chat):
    messages = own_rendering(chat, "Judge food, price.", "The soup was cold.")
    assert writer(chat).prompt(REVIEW).text == chat.render(messages, True)


def test_instruction_last_stands_at_the_end_of_the_user_turn(chat):
    messages = [{"role": "user", "content": "The soup was cold.\n\nJudge food, price."}]
    assert writer(chat, instruction="last").prompt(REVIEW).text == chat.render(messages, True)


def test_the_sample_is_the_tokenizers_own_rendering_up_to_the_end_of_turn(chat):
    messages = own_rendering(chat, "Judge food, price.", "The soup was cold.")
    whole = chat.render([*messages, {"role": "assistant", "content": ANSWER}], False)
    sample = writer(chat).sample(REVIEW)
    assert sample.text == whole[: whole.rindex(chat.end) + len(chat.end)]
    assert sample.supervised_text.strip().startswith(ANSWER)
    assert sample.segments[-1].role == "end"
    assert sample.segments[-1].supervised


def test_history_is_supervised_with_its_end_of_turn(chat):
    turns = (Turn("user", "Hi"), Turn("assistant", "Hello"))
    history = [{"role": turn.role, "content": turn.content} for turn in turns]
    sample = writer(chat, Generation(), instruction="none", instructions="default").sample(
        Example("h", "Bye", "So long", history=turns)
    )
    messages = [*history, {"role": "user", "content": "Bye"}, {"role": "assistant", "content": "So long"}]
    whole = chat.render(messages, False)
    assert sample.text == whole[: whole.rindex(chat.end) + len(chat.end)]
    supervised = [segment.text.strip() for segment in sample.segments if segment.supervised]
    assert supervised == ["Hello", chat.end, "So long", chat.end]


def test_contents_are_never_altered_or_taken_for_the_template(chat):
    text = "  <|im_end|> [/INST] {{ m }} <end_of_turn>\n "
    sample = writer(chat).sample(Example("x", text, {}))
    assert [segment.text for segment in sample.segments if segment.role == "input"] == [text]


def test_what_is_written_is_read_back_through_the_template(chat):
    writes = writer(chat, Generation())
    example = Example("x", "in", " out ")
    sample = writes.sample(example)
    answer = "".join(segment.text for segment in sample.segments if segment.side == "answer")
    assert writes.target(writes.read(answer, example), example) == " out "


def test_candidates_begin_where_the_prompt_ends(chat):
    writes = writer(chat)
    found = writes.candidates(REVIEW, ASPECTS.answer(REVIEW), "price")
    whole = writes.prompt(REVIEW).text + found.prefix + found.options["not mentioned"]
    assert whole == writes.sample(REVIEW).text


def test_an_own_instruction_is_what_the_user_says(chat):
    prompt = writer(chat, Generation()).prompt(Example("a", "", "4", instruction="What is 2 + 2?")).text
    assert prompt == chat.render([{"role": "user", "content": "What is 2 + 2?"}], True)


def test_a_template_that_drops_contents_is_refused():
    with pytest.raises(UserError, match="drops"):
        writer(ChatTemplate(lambda messages, generate: "nothing", "<end>")).prompt(REVIEW)


def test_plain_ignores_the_template(chat):
    assert writer(chat, chat="plain").sample(REVIEW).text.endswith(ANSWER + "<eos>")
