"""``marketplace programmes``: what an operator reads, and the exit codes scripts rely on."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from marketplace.cli.programmes import programmes_group
from tests.unit.programmes.conftest import EXTRA


def run(*arguments: str) -> Result:
    return CliRunner().invoke(programmes_group, list(arguments))


def test_check_counts_rules_and_finds_no_error() -> None:
    result = run("check")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    counts = [line.split("，")[0] for line in lines[:5]]
    assert counts == [
        "cq-2013      重庆信息化平台：规则 7 条",
        "lc-2021      聊城示范平台：规则 7 条",
        "qd-2024      青岛推荐服务商：规则 33 条",
        "zj-2021      浙江示范平台：规则 9 条",
        "zz-2021      枣庄示范平台：规则 9 条",
    ]
    assert lines[-1].startswith("合计 5 个项目，错误 0")


def test_a_sixth_city_needs_no_python() -> None:
    result = run("check", "--folder", str(EXTRA))
    assert result.exit_code == 0
    assert "xm-2024      厦门服务商：规则 5 条" in result.stdout
    assert run("show", "xm-2024", "--folder", str(EXTRA)).exit_code == 0


def test_check_fails_with_file_line_and_advice(tmp_path: Path) -> None:
    (tmp_path / "programmes").mkdir()
    bad = (EXTRA / "programmes" / "xm-2024.yml").read_text(encoding="utf-8")
    spoilt = bad.replace("min: 1, cap: 2", "min: 3, cap: 2")
    path = tmp_path / "programmes" / "xm.yml"
    path.write_text(spoilt, encoding="utf-8")
    result = run("check", "--folder", str(tmp_path), "--folder", str(EXTRA))
    assert result.exit_code == 1
    line = spoilt[: spoilt.index("min: 3")].count("\n") + 1
    assert f"xm.yml:{line}: 错误：名额 XM-Q1 的下限大于上限。请核对 min 和 cap。" in result.stderr


def test_show() -> None:
    result = run("show", "qd-2024")
    assert result.exit_code == 0
    assert "  QD-F7      公示：青岛政策通平台，5 个工作日  （三(三)）" in result.stdout.splitlines()
    assert "原文：同一主体的不同分公司或子公司不得重复参与遴选" in result.stdout


def test_show_unknown() -> None:
    result = run("show", "qd-2025")
    assert result.exit_code == 1
    assert "没有项目“qd-2025”。现有：cq-2013、lc-2021、qd-2024、zj-2021、zz-2021。" in result.stderr


@pytest.mark.parametrize(
    ("left", "right", "code"), [("qd-2024", "qd-2024", 0), ("lc-2021", "cq-2013", 1)]
)
def test_diff(left: str, right: str, code: int) -> None:
    result = run("diff", left, right)
    assert result.exit_code == code
    if code:
        lines = result.stdout.splitlines()
        start = lines.index("publicity / working_days")
        assert lines[start : start + 3] == ["publicity / working_days", "  - 5", "  + 7"]
    else:
        assert result.stdout == "两个项目相同\n"
