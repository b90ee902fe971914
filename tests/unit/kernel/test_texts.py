"""The catalogue: both languages for everything, and never a failure because of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import texts
from services.kernel.texts_shared import SHARED


@pytest.mark.parametrize("name", sorted(SHARED))
def test_every_shared_text_speaks_both_languages(name: str) -> None:
    params = dict.fromkeys(texts.params_of(name), 7)
    in_chinese, in_english = (texts.text(name, language, params) for language in texts.LANGUAGES)
    assert any("\u4e00" <= character <= "\u9fff" for character in in_chinese)
    assert in_english.isascii()
    assert in_chinese[-1] == "。" and in_english[-1] == "."
    assert "{" not in in_chinese + in_english and "…" not in in_chinese + in_english


def test_params_fill_the_text() -> None:
    assert texts.params_of("too_long") == {"limit"}
    assert texts.text("too_long", "en", {"limit": 200}) == "Too long: at most 200."
    assert texts.text("too_long", "zh-CN", {"limit": 200}) == "长度超限，最多 200。"


def test_a_param_is_not_read_as_a_text_with_params() -> None:
    assert texts.text("pattern", "en", {"pattern": "[0-9]{2}{limit}"}) == "Wrong form: must match [0-9]{2}{limit}."


def test_a_missing_param_shows_as_an_ellipsis() -> None:
    assert texts.text("too_long", "en") == "Too long: at most …."


def test_an_unknown_language_gets_chinese() -> None:
    assert texts.text("NOT_FOUND", "fr") == texts.text("NOT_FOUND", "zh-CN")


@given(st.text(max_size=20), st.sampled_from(texts.LANGUAGES))
def test_an_unknown_name_gets_a_general_text(name: str, language: str) -> None:
    assert texts.text(name, language)


def test_an_unknown_reason_is_named_and_an_unknown_rule_is_not() -> None:
    assert "PEER_REASON" in texts.text("PEER_REASON", "en")
    assert texts.text("some_rule", "en") == "Does not meet the requirements."


def test_the_same_text_again_changes_nothing() -> None:
    texts.register({"STALE_VERSION": SHARED["STALE_VERSION"]})
    assert texts.text("STALE_VERSION", "en") == SHARED["STALE_VERSION"][1]


@pytest.mark.parametrize(
    ("name", "both", "fault"),
    [
        ("STALE_VERSION", ("别的。", "Another."), "different"),
        ("A_REASON_OF_A_TEST", ("中文 {limit}。", "English."), "params"),
        ("A_REASON_OF_A_TEST", ("中文。", " "), "lacks"),
        ("MixedCase", ("中文。", "English."), "UPPER_SNAKE"),
    ],
)
def test_a_faulty_text_is_refused(name: str, both: tuple[str, str], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        texts.register({name: both})
    assert "A_REASON_OF_A_TEST" not in texts.names()
