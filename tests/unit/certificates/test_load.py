from __future__ import annotations

from pathlib import Path

import pytest

from services.certificates.domain.reference import HolderKind, PublicField
from services.certificates.load import main, read
from services.kernel import certidentifier
from services.kernel.sheets import SheetFaults

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"
COLUMNS = "code,name,name_en,holder_kind,issued_by,open_to,valid_days,public_fields,lowest_level\n"
TYPES = COLUMNS + "11100000MB0328832T014,食品经营许可证,Food,enterprise,SCJG,CGJ HBJ,1826,holder validity,2\n"
ISSUERS = "department,code\n371102-SCJG,11371102MB9961828D\n"


def folder(path: Path, types: str = TYPES, issuers: str = ISSUERS) -> Path:
    (path / "certificate_types.csv").write_text(types, encoding="utf-8")
    (path / "issuers.csv").write_text(issuers, encoding="utf-8")
    return path


def test_right_sheets_are_read(tmp_path: Path) -> None:
    data = read(folder(tmp_path))
    [food] = data.types
    assert food.holder_kind is HolderKind.ENTERPRISE
    assert food.open_to == {"CGJ", "HBJ"}
    assert food.public_fields == {PublicField.HOLDER, PublicField.VALIDITY}
    assert data.issuers == {"371102-SCJG": "11371102MB9961828D"}


def test_the_sample_city_is_right() -> None:
    data = read(SAMPLE)
    types = {each.code: each for each in data.types}
    food = types["11100000MB0328832T014"]
    assert (food.name, food.issued_by) == ("食品经营许可证", "SCJG")
    assert 8 <= len(types) <= 12
    departments = {department.partition("-")[2] for department in data.issuers}
    assert {each.issued_by for each in data.types} <= departments
    for code in types:
        for issuer in data.issuers.values():
            certidentifier.make(code, issuer, "1", 1)


def test_every_fault_is_named_with_its_place(tmp_path: Path) -> None:
    types = TYPES + "1,,,firm,x,scjg,-1,name,4\n" + TYPES.splitlines()[1] + "\n"
    types += "11100000MB9000001J906,居住证,,person,GAJ,,0,holder,3\n"
    issuers = ISSUERS + "371102,11371102MB9961828X\n371103-SCJG,11371102MB9961828D\n"
    with pytest.raises(SheetFaults) as refused:
        read(folder(tmp_path, types, issuers))
    assert refused.value.faults == [
        "certificate_types.csv:3: code: must be 18 digits or capitals of an authority and three digits",
        "certificate_types.csv:3: name: must be text of 1 to 80 characters",
        "certificate_types.csv:3: holder_kind: must be enterprise or person",
        "certificate_types.csv:3: issued_by: must be the 2 to 8 capitals that end a department code",
        "certificate_types.csv:3: open_to: must be ends of department codes, separated by blanks",
        "certificate_types.csv:3: valid_days: must be a whole number from 0 to 36600",
        "certificate_types.csv:3: public_fields: must be of holder, issuer, validity, number, separated by blanks",
        "certificate_types.csv:3: lowest_level: must be a whole number from 1 to 3",
        "certificate_types.csv:4: code: stands on line 2 already",
        "certificate_types.csv:5: public_fields: a person's name is not public",
        "issuers.csv:3: department: must be a department code such as 371102-SCJG",
        "issuers.csv:3: code: must be a unified social credit code with its check character",
        "issuers.csv:4: code: stands on line 2 already",
    ]


def test_the_command_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("DATABASE_URL_CERTIFICATES_OWNER", raising=False)
    monkeypatch.delenv("DATABASE_URL_CERTIFICATES", raising=False)
    assert main(["."]) == 2
    assert "usage" in capsys.readouterr().err


def test_a_wrong_folder_loads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL_CERTIFICATES_OWNER", "postgresql://nobody@127.0.0.1:1/none")
    assert main([str(tmp_path)]) == 1
    told = [f"{sheet}.csv: is missing  缺少该文件。" for sheet in ("certificate_types", "issuers")]
    assert capsys.readouterr().err.splitlines() == told
