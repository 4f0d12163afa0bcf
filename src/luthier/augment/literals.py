"""Literals: numbers with their units, dates, prices, addresses. A varied one says something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from luthier.augment.variant import Span

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_UNIT = (
    r"(?:%|‰|℃|°[CF]?|[元块毛角年月日号点时天周岁人个位次折斤克米平楼层路万亿千百]|分钟|小时|公斤|公里|号线"
    r"|(?:am|pm|dollars?|euros?|pounds?|yuan|rmb|usd|percent|min(?:ute)?s?|h(?:ou)?rs?|days?|weeks?|months?"
    r"|years?|stars?|km|kg|miles?)(?![A-Za-z]))"
)
# Possessive quantifiers and starts only at the beginning of a word: no text makes these look back.
_NUMBER = r"(?<![A-Za-z0-9])[A-Za-z]{0,15}+\d++(?:[.,:/~–-]?[0-9A-Za-z]++)*+"
_CHINESE_NUMERAL = r"[零〇一二三四五六七八九十百千万亿两]"
_LITERAL = re.compile(
    "|".join(
        (
            r"(?:https?://|www\.)(?:[.,;:!?)]*+[^\s<>\"'.,;:!?)，。！？；、（）“”]++)++",
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++",
            r"(?<!\w)[@#]\w++",
            rf"(?<![A-Za-z]){_MONTH}\.?\s?\d{{1,4}}(?!\d)(?:,?\s\d{{4}}(?!\d))?",
            rf"(?:[$€£¥￥]\s?)?{_NUMBER}(?:\s?{_UNIT})?(?:(?:\sof)?\s{_MONTH}(?![A-Za-z])(?:,?\s\d{{4}}(?!\d))?)?",
            rf"{_CHINESE_NUMERAL}{{2,}}+{_UNIT}?|{_CHINESE_NUMERAL}{_UNIT}",
            r"(?i:(?<![a-z])(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"
            r"|forty|fifty|hundreds?|thousands?|millions?|billions?|dozens?|half|twice)(?![a-z]))",
        )
    )
)


def literals(text: str) -> Iterator[Span]:
    """Yields the literals of a text; they do not overlap."""
    yield from (found.span() for found in _LITERAL.finditer(text))
