from email.message import EmailMessage
from pathlib import Path

from deploy.local.demonstration.mails import Letterbox, mails_about
from deploy.local.demonstration.table import places, table

CASE = "371102-20261123-2000427-K"


def keep(folder: Path, name: str, subject: str, to: str = "a@example.org") -> None:
    mail = EmailMessage()
    mail["Subject"], mail["To"] = subject, to
    (folder / f"{name}.eml").write_bytes(mail.as_bytes())


def test_columns_stand_below_one_another_also_with_chinese() -> None:
    first, second = table([["步骤", "x"], ["file", "y"]]).splitlines()
    assert (first, second) == ("步骤  x", "file  y")
    assert places("立案 a") == 6


def test_only_mails_about_the_case_are_found_oldest_first(tmp_path: Path) -> None:
    for name, subject in (("2-b", f"已结案：{CASE}"), ("1-a", f"新立案：{CASE}"), ("3-c", "something else")):
        keep(tmp_path, name, subject)
    assert [str(mail["subject"]) for mail in mails_about(tmp_path, CASE)] == [f"新立案：{CASE}", f"已结案：{CASE}"]
    assert mails_about(None, CASE) == []


def test_a_letterbox_holds_what_came_to_its_address_since_it_was_opened(tmp_path: Path) -> None:
    keep(tmp_path, "1000000000000000-a", "before", "me@example.org")
    mine = Letterbox(tmp_path, "me@example.org")
    assert mine.mails() == []
    keep(tmp_path, "9000000000000001-a", "first", "me@example.org")
    keep(tmp_path, "9000000000000002-a", "not mine", "you@example.org")
    mine.mails()
    keep(tmp_path, "9000000000000003-a", "second", "me@example.org")
    assert [str(mail["subject"]) for mail in mine.mails()] == ["first", "second"]
