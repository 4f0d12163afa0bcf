from __future__ import annotations

from tests.data.cleaning.contract import RuleContract

from luthier.data.cleaning.rules import Compatibility, Invisible, Repair, Repeats, Simplified, Spaces


class TestRepair(RuleContract):
    rule = Repair()
    changes = (
        ("CafÃ© lait", "Café lait"),
        ("It â€™s fine", "It ’s fine"),
        ("ä¸–ç•Œå¥½", "世界好"),
        ("red \x1b[31malert\x1b[0m", "red alert"),
    )
    unchanged = ("Ｆｕｌｌ ｗｉｄｔｈ，！", "“curly” ‘quotes’", "ﬁt", "Ã, a letter")


class TestInvisible(RuleContract):
    rule = Invisible()
    changes = (
        ("\ufeffa\u200bb\x00c", "abc"),
        ("a\r\nb\rc\u2028d\x0ce", "a\nb\nc\nd\ne"),
        ("中\u200d文", "中文"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u202eabc\u202c", "abc"),
    )
    unchanged = ("tab\tand\nline", "می\u200cخواهم", "क्\u200dष")


class TestRepeats(RuleContract):
    rule = Repeats()
    changes = (
        ("Great!!!!!!", "Great!!!"),
        ("好吃。。。。。。", "好吃。。。"),
        ("-----", "---"),
        ("😀😀😀😀😀", "😀😀😀"),
    )
    unchanged = (
        "Great!!!",
        "1000000",
        "sooooo",
        "?!?!?!",
        "★★★★★",
        "⭐⭐⭐⭐",
        "$$$$",
        "138****1234",
        "((((x))))",
        "____",
    )


class TestSpaces(RuleContract):
    rule = Spaces()
    changes = (
        ("  a \t b\u3000c ", "a b c"),
        ("a \n b", "a\nb"),
        ("a\n\n \n\nb\n", "a\n\nb"),
        ("\n \n", ""),
    )
    unchanged = ("a\n\nb\nc",)


class TestCompatibility(RuleContract):
    rule = Compatibility()
    changes = (
        ("ＡＢＣ，１２", "ABC,12"),
        ("①ﬁ㎏", "1fikg"),
        ("cafe\u0301", "café"),
        ("\u1112\u1161\u11ab", "한"),
    )
    unchanged = ("café",)


class TestSimplified(RuleContract):
    rule = Simplified()
    changes = (("這裡的麵很好吃", "这里的面很好吃"), ("頭髮和發現", "头发和发现"), ("A電腦B", "A电脑B"))
    unchanged = ("这里的面",)
