from __future__ import annotations

import pytest
from tests.data.cleaning.contract import RuleContract

from luthier.data.cleaning.masks import Mask


class TestMask(RuleContract):
    rule = Mask()
    changes = (
        ("Write to jo.doe+x@mail.example.com.", "Write to [email]."),
        ("请联系张三13812345678，谢谢", "请联系张三[电话]，谢谢"),
        ("致电 010-62345678 或 400-800-1234", "致电 [电话] 或 [电话]"),
        ("Call +44 20 7946 0958 or (415) 555-2671 now", "Call [phone] or [phone] now"),
        # The example of GB 11643-1999: 11010519491231002X.
        ("身份证11010519491231002X。", "身份证[证件号]。"),
        ("SSN 078-05-1120", "SSN [ID number]"),
        ("Visa 4111 1111 1111 1111 ok", "Visa [card number] ok"),
        ("IBAN GB82 WEST 1234 5698 7654 32 ok", "IBAN [card number] ok"),
    )
    unchanged = (
        "11010519491231002X"[:-1] + "1",  # wrong check digit
        "4111 1111 1111 1112",
        "Order 20240131, 12 pieces, 3.14159265358979",
        "我有12345678元",
        "a@b",
        "2024-01-31 12:30",
        "GB82 WEST 1234 5698 7654 33",
    )


@pytest.mark.parametrize("kinds", [("phone",), ("email", "card")])
def test_only_what_is_asked_for_is_masked(kinds) -> None:
    text = "jo@x.org 13812345678 4111111111111111"
    masked = {"email": "[email]", "phone": "[phone]", "card": "[card number]"}
    parts = zip(("email", "phone", "card"), text.split(), strict=True)
    expected = " ".join(masked[kind] if kind in kinds else part for kind, part in parts)
    assert Mask(kinds=kinds, language="en").rewrite(text).after == expected
