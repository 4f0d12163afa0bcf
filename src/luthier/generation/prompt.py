"""A plan in words."""

from __future__ import annotations

from luthier.generation.form import ExampleForm
from luthier.generation.plan import Plan
from luthier.generation.words import words
from luthier.generation.writing import Prompt


def write_prompt(plan: Plan, form: ExampleForm) -> Prompt:
    """Puts a request into words, for a model that follows instructions and for one that continues text."""
    lines = words(form.task.language)
    comma = "；" if form.task.language == "zh" else "; "
    colon = "：" if form.task.language == "zh" else ": "
    drawn = comma.join(f"{name}{colon}{value}" for name, value in plan.attributes.items())
    asked = lines["asked"].format(answer=form.answer(plan.asked)) if form.asks_target else lines["open"]
    instruction = form.instruction(plan.asked)
    blocks = [
        lines["shown"].format(instruction=instruction) if instruction else "",
        *(form.write(example) for example in plan.shown),
        asked,
        lines["drawn"].format(fields=drawn) if drawn else "",
        lines["last"],
    ]
    plain = [form.write(example, answer_first=form.asks_target) for example in plan.shown]
    if form.asks_target:
        plain.append(f"{lines['answer']}\n{form.answer(plan.asked)}")
    plain.append(form.opening)
    return Prompt(
        plan.number,
        system=lines["system"].strip(),
        user="\n\n".join(block for block in blocks if block),
        plain="\n\n".join(plain),
        stop=form.stop,
    )
