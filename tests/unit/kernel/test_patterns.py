"""Safe patterns: accepted ones mean what Python says, and none can be made slow."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.patterns import compile_safe

ACCEPTED = [
    ("[0-9]{5}", ["01001"], ["0100", "010010", "01001\n", "０1001"]),
    ("[0-9]{12}([0-9]{3})?", ["371102001001", "371102001001001"], ["371102", "3711020010010"]),
    ("[A-Za-z0-9._:/-]*", ["", "ssp-2026/11:2_3.4"], ["a b", "é"]),
    ("[a-z][a-z0-9-]{2,39}", ["rizhao-ssp"], ["ri", "-ab", "a" * 41]),
    (r"[a-z]+(\.[a-z]+){1,3}", ["grid.incidents.file"], ["grid", "grid.", ".a", "a.b.c.d.e"]),
    ("a|bc|(?:de)?f", ["a", "bc", "def", "f"], ["ab", "de", ""]),
    ("x?y*z+", ["z", "xyyzz"], ["x", "zx"]),
    ("(ab?)+c{0,1}", ["aababc"], ["c", "bb"]),
    (r"\t\n\.\(\]", ["\t\n.(]"], ["tn.(]"]),
    ("[一-龥]{1,4}", ["日照市"], ["Rizhao"]),
    (r"[\]\\\^-]+", ["]\\^-"], ["["]),
    ("a{2,}", ["aa", "aaaa"], ["a"]),
    ("(a|)b", ["ab", "b"], ["a"]),
    ("", [""], ["a"]),
]


@pytest.mark.parametrize(("pattern", "right", "wrong"), ACCEPTED)
def test_accepted_patterns(pattern: str, right: list[str], wrong: list[str]) -> None:
    matches = compile_safe(pattern).fullmatch
    assert all(matches(text) for text in right)
    assert not any(matches(text) for text in wrong)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "(a*)*",
        "(a|a)*",
        "(a|ab)c",
        "a*a",
        "a?a",
        "[a-z]*[m-z]",
        "(a?)+",
        "(a?b?)*",
        "(x+y?)+",
        "a*(b?)a",
        "(a|)a",
        "(ab?){2}b",
        "(a{1,2}){3}",
    ],
)
def test_ambiguous_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        compile_safe(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        ".",
        "^a",
        "a$",
        r"\d",
        r"\w+",
        r"\bword",
        r"(a)\1",
        "(?=a)",
        "(?P<n>a)",
        "(?i)a",
        "[^a]",
        "[]",
        "[z-a]",
        "[a--]",
        "a**",
        "a+?",
        "a++",
        "a{2}{3}",
        "a{3,2}",
        "a{0}",
        "a{1001}",
        "a{x}",
        "{2}",
        "*a",
        "(",
        "(a",
        "a)",
        "[a",
        "\\",
        "]",
        "}",
        r"\x41",
        r"\:",
        "[[a]",
        "[a&&b]",
    ],
)
def test_what_other_readers_would_read_differently_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        compile_safe(pattern)


@st.composite
def patterns(draw: st.DrawFn, depth: int = 3) -> str:
    """Patterns of the grammar, right ones and ambiguous ones."""
    if depth == 0:
        return draw(st.sampled_from(["a", "b", "[ab]", "[b-d]", "ab", "c"]))
    inner = patterns(depth=depth - 1)
    shape = draw(st.sampled_from(["join", "join", "either", "repeat", "leaf"]))
    if shape == "join":
        return draw(inner) + draw(inner)
    if shape == "either":
        return f"({draw(inner)}|{draw(inner)})"
    if shape == "repeat":
        return f"({draw(inner)})" + draw(st.sampled_from(["?", "*", "+", "{2}", "{1,3}", "{2,}"]))
    return draw(patterns(depth=0))


@given(patterns(), st.text("abcd", max_size=12))
def test_an_accepted_pattern_means_what_python_says(pattern: str, text: str) -> None:
    try:
        safe = compile_safe(pattern)
    except ValueError:
        return
    assert bool(safe.fullmatch(text)) is bool(re.fullmatch(pattern, text))


@given(patterns(), st.sampled_from(["a", "ab", "b", "abc", "ac", "dcba"]), st.sampled_from("abcd!"))
def test_no_accepted_pattern_can_be_made_slow(pattern: str, unit: str, end: str) -> None:
    try:
        safe = compile_safe(pattern)
    except ValueError:
        return
    text = unit * (20_000 // len(unit)) + end
    began = time.process_time()
    safe.fullmatch(text)
    # Linear time is about a millisecond here; a square of the length would be many seconds.
    assert time.process_time() - began < 0.5
