from __future__ import annotations

from tests.data.cleaning.contract import RuleContract
from tests.test_edits import holds

from luthier.data.cleaning.markup import Html


class TestHtml(RuleContract):
    rule = Html()
    changes = (
        ("one<br />two", "one\ntwo"),
        ("one<br>\ntwo", "one\ntwo"),
        ("<p class='x'>Good</p>", "\nGood\n"),
        ("<td>a</td><td>b</td>", "\na\n\nb\n"),
        ("a <b>bold</b> word", "a bold word"),
        ("x<!-- hidden -->y<script>var a = 1 < 2;</script>z", "xyz"),
        ("a<!-- <script> -->b</script>c<STYLE type=x>p {}</STYLE >d", "abcd"),
        ("fish &amp; chips &#20013;&nbsp;&lt;b&gt;", "fish & chips 中\u00a0<b>"),
    )
    unchanged = (
        *("3 < 5 and 7 > 2", "i <3 you", "<name> please", "AT&T; R&D", "a <- b", "&notes; &unknown;"),
        "not closed <!-- here",
    )

    def test_offsets_are_right_and_twice_is_as_once(self) -> None:
        # Not twice: `&lt;b&gt;` is a text that shows a tag, and would be a tag the second time.
        holds(self.rule.rewrite("<p>a &lt;b&gt; <!-- x --><script>1</script>&amp;amp; b</p>\n<br>"))

    def test_long_blocks_go_as_a_whole(self) -> None:
        text = "a<script>" + "f(1 < 2);" * 10_000 + "</script>b<!--" + "<br>" * 10_000 + "-->c"
        assert self.rule.rewrite(text).after == "abc"
