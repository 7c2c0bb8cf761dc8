"""``marketplace import`` and ``marketplace seed`` as an operator types them."""

from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from marketplace.db import Database, make_engine
from marketplace.models import ImportJob, ImportRow, Product, User
from tests.integration.importing import books
from tests.support import warm
from tests.support.server import environment


@pytest.fixture
def place(sqlite_template, tmp_path) -> Path:
    """A data folder with a migrated database that knows vocabulary and a round."""
    (tmp_path / "marketplace.db").write_bytes(sqlite_template.read_bytes())
    database = opened(tmp_path)
    database.run(books.prepare)
    database.engine.dispose()
    return tmp_path


def opened(folder: Path) -> Database:
    return Database(make_engine(f"sqlite:///{folder}/marketplace.db"))


def run(folder: Path, *arguments: str, **env: str) -> tuple[int, str, str]:
    return warm.run(environment(folder, **env), *arguments)


def counted(folder: Path) -> dict[str, int]:
    database = opened(folder)
    with database.reading() as session:
        found = {
            model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Product, ImportRow, ImportJob)
        }
    database.engine.dispose()
    return found


def test_template_dry_run_import_and_again(place):
    code, out, _ = run(place, "import", "template", "-o", str(place / "模板.xlsx"))
    assert (code, out) == (0, f"已生成模板：{place / '模板.xlsx'}\n")
    path = str(books.write(opened(place), place / "数据.xlsx", books.SMALL))

    assert run(place, "import", path, "--dry-run") == (0, "检查通过：共 14 行，没有错误\n", "")
    assert counted(place) == {"products": 0, "import_rows": 0, "import_jobs": 1}

    code, out, _ = run(place, "import", path)
    assert (code, out.splitlines()) == (0, [
        "检查通过：共 14 行，没有错误", "机构：写入3", "关联关系：写入1", "产品：写入3",
        "案例：写入2", "人员：写入2", "入池：写入2", "候选：写入1",
    ])  # fmt: skip
    code, out, _ = run(place, "import", path)
    assert (code, out.splitlines()[1:4]) == (
        0,
        ["机构：无变化3", "关联关系：无变化1", "产品：无变化3"],
    )
    assert counted(place) == {"products": 3, "import_rows": 0, "import_jobs": 3}


def test_errors_end_with_one_and_a_file(place):
    rows = books.small()
    rows["products"][1]["category"] = "没有的类别"
    path = books.write(opened(place), place / "数据.xlsx", rows)

    code, out, err = run(place, "import", str(path))

    report = place / "数据-错误.xlsx"
    assert (code, out) == (1, "")
    assert err.startswith("产品 第3行：产品类别：“没有的类别”不在选项中")
    assert err.endswith(f"Error: 共 14 行，1 行有错误，没有导入。请按“{report}”修改。\n")
    with CalamineWorkbook.from_path(report) as book:
        assert book.get_sheet_by_name("产品").to_python()[2][0].startswith("产品类别")
    assert counted(place) == {"products": 0, "import_rows": 0, "import_jobs": 1}


def test_a_refused_file_says_what_to_do(place):
    (place / "假.xlsx").write_bytes(b"hello")
    assert run(place, "import", str(place / "假.xlsx")) == (
        1, "",
        "Error: 不是 Excel 工作簿（*.xlsx）。"
        "请在 Excel 中打开，另存为“Excel 工作簿（*.xlsx）”后再上传。\n",
    )  # fmt: skip
    code, _, err = run(place, "import", str(place / "没有.xlsx"))
    assert (code, "does not exist" in err) == (2, True)


def test_the_demo_is_seeded_whole_and_again_without_change(place):
    code, out, _ = run(place, "seed", "demo")
    lines = out.splitlines()
    assert (code, lines[-1][:6]) == (0, "索引已重建：")
    assert {"词表：新增0", "批次：新增5", "入池：写入96", "账号：新增13"} <= set(lines)
    before = counted(place)

    code, out, _ = run(place, "seed", "demo")
    assert (code, out.splitlines()) == (0, [
        "词表：新增0", "日历：新增0", "批次：新增0", "示例服务商：第1次导入已写入，没有变化",
        "账号：新增0", "项目：新增0", "案例：新增0", "资料：新增0", "选型：新增0", "咨询：新增0",
        "开通：新增0", "日常：新增0", "公示：新增0", "案卷：新增0", "评价：新增0",
        "索引：与数据库一致",
    ])  # fmt: skip
    assert counted(place) == before


def test_the_demo_stays_out_of_production(place):
    code, _, err = run(
        place, "seed", "demo",
        MARKETPLACE_MODE="production", BASE_URL="https://pool.example",
        SECRET_KEY="k" * 40, ENCRYPTION_KEY="k" * 40,
    )  # fmt: skip
    assert (code, err) == (1, "Error: 演示数据只能在演示模式下写入（MARKETPLACE_MODE=demo）\n")
    database = opened(place)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 0
    database.engine.dispose()
