from email.message import EmailMessage
from pathlib import Path

from deploy.local.demo import mails_about, places, table, until

CASE = "371102-20261123-2000427-K"


def test_columns_stand_below_one_another_also_with_chinese() -> None:
    first, second = table([["步骤", "x"], ["file", "y"]]).splitlines()
    assert (first, second) == ("步骤  x", "file  y")
    assert places("立案 a") == 6


def test_only_mails_about_the_case_are_found_oldest_first(tmp_path: Path) -> None:
    for name, subject in (("2-b", f"已结案：{CASE}"), ("1-a", f"新立案：{CASE}"), ("3-c", "something else")):
        mail = EmailMessage()
        mail["Subject"] = subject
        (tmp_path / f"{name}.eml").write_bytes(mail.as_bytes())
    assert [str(mail["subject"]) for mail in mails_about(tmp_path, CASE)] == [f"新立案：{CASE}", f"已结案：{CASE}"]
    assert mails_about(None, CASE) == []


def test_waiting_ends_when_the_condition_holds_or_time_is_over() -> None:
    answers = iter([False, True])
    assert until(lambda: next(answers), within_s=5)
    assert not until(lambda: False, within_s=0)
