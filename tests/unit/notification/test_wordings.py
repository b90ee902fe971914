from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.kernel.texts import LANGUAGES
from services.notification.domain.wordings import ROLES, read
from tests.unit.fakes import NOW
from tests.unit.notification.samples import CASE, FACTS, TEMPLATES, WORDINGS

# What a text may hold: codes and times. A name, an address or a description has no place here.
ALLOWED_FACTS = """
case_number standard kind code department outcome reason state level supervisor item gravity certificate_type
identifier previous_identifier centre coordinator units request main_case satisfaction stage
taken_from asked urgency
"""
ALLOWED = frozenset(ALLOWED_FACTS.split())
MOMENTS = re.compile("[a-z]+_(at|by)")


def placeholders(path: Path) -> set[str]:
    return set(re.findall(r"\$\{?([a-z_]+)", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_template_holds_no_more_than_codes_and_times(path: Path) -> None:
    assert {name for name in placeholders(path) - ALLOWED if not MOMENTS.fullmatch(name)} == set()


@pytest.mark.parametrize("name", sorted(WORDINGS))
def test_every_template_speaks_to_each_of_its_roles_in_every_language(name: str) -> None:
    facts = {each: "x" for path in TEMPLATES.glob(f"{name}.*.toml") for each in placeholders(path)}
    facts |= {"case_number": CASE, "identifier": "1.2.156.3005.2"}
    roles = {role for role, _ in WORDINGS[name].parts}
    assert roles and roles <= set(ROLES)
    for role in roles:
        texts = WORDINGS[name].render(role, facts)
        assert [text.language for text in texts] == list(LANGUAGES)
        for text in texts:
            # What it is about stands in the subject: the case, or for its holder the certificate.
            about = CASE if role == "reporter" or not name.startswith("certificate") else facts["identifier"]
            assert about in text.subject
            assert about in text.body
            assert "$" not in text.subject + text.body
            assert "\n" not in text.subject


@pytest.mark.parametrize("name", sorted(WORDINGS))
def test_codes_are_put_into_the_same_words_in_both_languages(name: str) -> None:
    words = WORDINGS[name].words
    for fact in {fact for fact, _ in words} - {"kind"}:
        assert set(words[fact, "zh-CN"]) == set(words[fact, "en"])


def test_times_are_the_citys_and_codes_are_put_in_words() -> None:
    facts = {**FACTS, "case_number": CASE}
    chinese, english = WORDINGS["incident-closed"].render("reporter", facts)
    assert "2026-11-23 14:00" in chinese.body
    assert NOW.hour == 6
    assert "已处置" in chinese.body
    assert "事项 06010" in chinese.body
    assert "2026-11-23 14:00: handled." in english.body


def test_the_newest_version_is_used(tmp_path: Path) -> None:
    text = (TEMPLATES / "incident-filed.1.toml").read_text(encoding="utf-8")
    for version in (2, 10, 9):
        (tmp_path / f"incident-filed.{version}.toml").write_text(text, encoding="utf-8")
    assert read(tmp_path)["incident-filed"].id == "incident-filed/10"


def test_a_template_without_a_language_is_seen_at_start(tmp_path: Path) -> None:
    (tmp_path / "half.1.toml").write_text('[reporter.zh-CN]\nsubject = "a"\nbody = "b"\n', encoding="utf-8")
    with pytest.raises(KeyError):
        read(tmp_path)
