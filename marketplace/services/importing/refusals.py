"""Why a whole file is refused, in words that say what to do."""

from marketplace.errors import Invalid

TEMPLATE_REMEDY = "请下载最新模板，把数据粘贴到模板中再上传。"
SAVE_AS = "请在 Excel 中打开，另存为“Excel 工作簿（*.xlsx）”后再上传。"

REASONS: dict[str, tuple[str, str]] = {
    "empty": ("文件是空的", SAVE_AS),
    "too_large": ("文件太大", "请拆分成几个文件，分别导入。"),
    "not_xlsx": ("不是 Excel 工作簿（*.xlsx）", SAVE_AS),
    "old_or_encrypted": ("文件是旧版 Excel（*.xls）或设有打开密码", "请去掉密码，" + SAVE_AS[1:]),
    "encrypted": ("文件设有密码", "请在 Excel 中去掉打开密码，保存后再上传。"),
    "broken": ("文件已损坏，或不是由表格软件正常保存的", SAVE_AS),
    "members": ("文件内部结构异常：部件过多", SAVE_AS),
    "bomb": ("文件解压后过大", "请删除多余的工作表和格式，或拆分成几个文件，分别导入。"),
    "memory": (
        "表格范围过大，读取时超出内存限制",
        "很远的单元格里可能有内容。请把数据复制到新的模板中，或拆分成几个文件。",
    ),
    "cpu": ("文件读取超时", "请拆分成几个文件，分别导入。"),
    "macros": ("文件含有宏", "请" + SAVE_AS[2:]),
    "embedded": ("文件中嵌有其他文件", "请删除嵌入的对象后再上传。"),
    "external": ("文件引用了外部数据", "请在“数据”中断开外部链接和查询，保存后再上传。"),
    "doctype": ("文件内部含有不允许的定义", SAVE_AS),
    "formula": ("单元格中有公式", "请选中公式所在的列，复制后“选择性粘贴—数值”，再上传。"),
    "chart": ("工作表不是普通表格", TEMPLATE_REMEDY),
    "rows": ("数据行过多", "请拆分成几个文件，分别导入。"),
}


def refusal(code: str, detail: str = "") -> Invalid:
    """The error for a refused file; ``detail`` names the place where it helps people."""
    message, remedy = REASONS.get(code, REASONS["broken"])
    shown = f"（{detail}）" if detail and code in ("formula", "chart", "too_large", "rows") else ""
    return Invalid(message + shown, remedy=remedy)
