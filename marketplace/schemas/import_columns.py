"""What the import workbook looks like: sheets, columns, and what each cell may hold.

The template, the reader, the checks and the error report all follow this one declaration.
"""

from marketplace.schemas.import_sheets import Column, Kind, Sheet

LINE_NOTE = "每行一项（单元格内按 Alt+Enter 换行）"
TERMS_NOTE = "可填多项，用顿号隔开"
MONEY_NOTE = "单位：元，最多两位小数"
DATE_NOTE = "如 2024-01-31"

ERROR_HEADER = "错误"  # a report adds this column; it is ignored when the file comes back

ORGANISATION_KINDS = {
    "provider": "服务商",
    "enterprise": "企业",
    "district_office": "区市受理单位",
    "lead_bureau": "牵头部门",
    "co_bureau": "配合部门",
    "third_party": "第三方机构",
}
APPLICANT_CLASSES = {
    "enterprise": "企业",
    "institution": "事业单位",
    "association": "社团法人",
    "private_non_enterprise": "民办非企业单位",
}
RELATIONS = {"branch": "分公司或分支机构", "parent": "母公司", "same_subject": "同一主体"}
SIZES = {"micro": "微型", "small": "小型", "medium": "中型", "large": "大型"}
CHAIN_MODES = {"self_led": "主导改造模式", "ecosystem": "生态服务模式"}
STANDINGS = {
    "listed": "在池",
    "warned": "警告",
    "rectifying": "限期整改",
    "suspended": "暂停",
    "exited": "退出",
}
CANDIDACY_PHASES = {"decision": "拟入池", "publicity": "公示中", "reserve": "候补"}


def _uscc(header: str = "统一社会信用代码", name: str = "uscc") -> Column:
    return Column(
        name, header, Kind.USCC, required=True, limit=18,
        note="18位，字母大写；单元格设为文本格式", example="91999999MA3X0AB23C",
    )  # fmt: skip


def _terms(name: str, header: str, vocabulary: str, *, required: bool = False) -> Column:
    return Column(name, header, Kind.TERMS, required, vocabulary=vocabulary, note=TERMS_NOTE)


def _lines(name: str, header: str, limit: int = 80, note: str = LINE_NOTE) -> Column:
    return Column(name, header, Kind.LINES, limit=limit, note=note)


def _money(name: str, header: str) -> Column:
    return Column(name, header, Kind.MONEY, note=MONEY_NOTE)


def _date(name: str, header: str, *, required: bool = False, note: str = DATE_NOTE) -> Column:
    return Column(name, header, Kind.DATE, required, note=note)


def _integer(name: str, header: str, limit: int = 1_000_000, note: str = "") -> Column:
    return Column(name, header, Kind.INTEGER, limit=limit, note=note)


ORGANISATIONS = Sheet(
    "organisations",
    "机构",
    ("uscc",),
    (
        _uscc(),
        Column("name", "单位名称", Kind.NAME, required=True, limit=120, example="青岛示例有限公司"),
        Column("short_name", "简称", Kind.NAME, limit=40),
        Column("kind", "单位类别", Kind.CHOICE, required=True, choices=ORGANISATION_KINDS),
        Column("district", "所在区市", Kind.TERM, vocabulary="district", note="青岛市外的单位不填"),
        Column("registered_city", "注册地市", limit=40, example="青岛"),
        Column("address", "地址", limit=200),
        Column(
            "applicant_class", "主体性质", Kind.CHOICE,
            choices=APPLICANT_CLASSES, note="不填即为企业",
        ),
        _date("founded_on", "成立日期"),
        _integer("headcount", "职工人数"),
        _money("registered_capital_cny", "注册资本（元）"),
        _integer("maturity_level", "数字化水平等级", 4, "0至4级，企业填写"),
        Column("segment", "所属细分行业", Kind.TERM, vocabulary="segment"),
        Column("intro", "简介", limit=5000, note="服务商填写；写清做什么、为谁做、怎么做"),
        _lines("strengths", "特长"),
        _terms("service_areas", "服务领域", "service_area"),
        _terms("process_links", "关键环节", "process_link"),
        _lines("qualifications", "资质"),
        _lines("honours", "荣誉"),
        _integer("local_headcount", "本地服务人数"),
        Column("website", "网址", limit=200, note="以 http:// 或 https:// 开头"),
        Column("contact_role", "联系岗位", limit=40, note="写岗位，不写姓名", example="商务咨询"),
        Column("contact_phone", "联系电话", limit=40, note="单位对外电话；加密保存"),
    ),
    "服务商、企业和受理单位。简介及其后各列只有服务商填写。",
)  # fmt: skip

AFFILIATES = Sheet(
    "affiliates",
    "关联关系",
    ("uscc", "affiliate_uscc"),
    (
        _uscc(),
        _uscc("关联单位统一社会信用代码", "affiliate_uscc"),
        Column("relation", "关系", Kind.CHOICE, required=True, choices=RELATIONS),
    ),
    "同一主体的单位之间的关系；两个单位都应在“机构”表中或已经登记。",
)

PRODUCTS = Sheet(
    "products",
    "产品",
    ("uscc", "name", "release"),
    (
        _uscc("服务商统一社会信用代码"),
        Column("name", "产品名称", Kind.NAME, required=True, limit=80),
        Column("release", "版本", Kind.NAME, required=True, limit=20, example="V3.2"),
        Column("category", "产品类别", Kind.TERM, required=True, vocabulary="category"),
        _terms("segments", "适用细分行业", "segment"),
        _terms("process_links", "关键环节", "process_link"),
        _terms("scenes", "业务场景", "scene"),
        Column("summary", "一句话介绍", limit=200),
        Column("description", "详细介绍", limit=5000),
        _lines("modules_common", "通用模块"),
        _lines("modules_custom", "可定制模块"),
        _terms("deployment", "部署方式", "deployment"),
        _lines("interfaces", "接口"),
        Column("suited_sizes", "适用企业规模", Kind.TERMS, choices=SIZES, note=TERMS_NOTE),
        Column("prerequisites", "实施前提", limit=2000),
        Column("pricing_model", "计价方式", Kind.TERM, vocabulary="pricing_model"),
        _money("list_price_cny", "标准价（元）"),
        _money("pilot_price_cny", "试点价（元）"),
        Column("price_unit", "计价单位", limit=20, example="10用户/年"),
        _money("annual_fee_cny", "年服务费（元）"),
        _date("price_valid_until", "价格有效期至"),
        _integer("typical_days", "典型实施天数", 3650),
        _integer("on_site_days", "驻场天数", 3650),
        Column("after_sales", "售后服务", limit=200),
        Column("ip_no", "知识产权登记号", limit=60),
    ),
    "服务商的产品和解决方案，每个版本一行。",
)

CASES = Sheet(
    "cases",
    "案例",
    ("uscc", "title", "year"),
    (
        _uscc("服务商统一社会信用代码"),
        Column("title", "案例名称", Kind.NAME, required=True, limit=120),
        Column("year", "年份", Kind.INTEGER, required=True, limit=2100, example="2024"),
        Column("segment", "细分行业", Kind.TERM, required=True, vocabulary="segment"),
        Column("district", "项目所在区市", Kind.TERM, vocabulary="district", note="青岛市外的不填"),
        Column("client_name", "客户名称", limit=120),
        Column("client_anonymous", "客户匿名展示", Kind.YES_NO),
        Column("client_consent", "客户同意展示", Kind.YES_NO, note="不同意的案例不进展厅"),
        Column("client_size", "客户规模", Kind.CHOICE, choices=SIZES),
        _terms("process_links", "关键环节", "process_link"),
        _terms("scenes", "业务场景", "scene"),
        _terms("categories", "产品类别", "category"),
        _lines("product_names", "所用产品", 80, "产品名称，每行一个（Alt+Enter 换行）"),
        Column("background", "企业背景", limit=5000),
        Column("pains", "改造前的问题", limit=5000),
        Column("solution", "解决方案", limit=5000),
        Column("process_text", "实施过程", limit=5000),
        _date("start_on", "开工日期"),
        _date("finish_on", "验收日期"),
        _integer("days", "工期（天）", 3650),
        _money("investment_cny", "投入（元）"),
        Column(
            "metrics", "成效指标", Kind.METRICS,
            note="每行一个：指标｜改造前｜改造后｜单位｜取数口径｜周期",
            example="排产用时｜4｜0.5｜小时｜计划员工时记录｜2024年6月",
        ),
        _integer("level_before", "改造前等级", 4, "0至4级"),
        _integer("level_after", "改造后等级", 4, "0至4级"),
        Column("replicability", "可复制性", limit=5000),
    ),
    "已经完成的改造案例。",
)  # fmt: skip

PEOPLE = Sheet(
    "people",
    "人员",
    ("uscc", "name"),
    (
        _uscc("服务商统一社会信用代码"),
        Column("name", "姓名", Kind.NAME, required=True, limit=60),
        Column("title", "职称", limit=60),
        Column("degree", "学历", limit=20),
        Column("role", "岗位", limit=60),
        Column("is_local", "常驻本地", Kind.YES_NO),
        _integer("years", "从业年数", 70),
    ),
    "服务商的技术团队；姓名只有工作人员可见。",
)

PLACE = (
    _uscc("服务商统一社会信用代码"),
    Column("type", "服务商类型", Kind.TERM, required=True, vocabulary="provider_type"),
    Column("segment", "细分行业", Kind.TERM, required=True, vocabulary="segment"),
    Column("round", "批次", Kind.ROUND, required=True),
)
PLACE_KEY = tuple(column.name for column in PLACE)

MEMBERSHIPS = Sheet(
    "memberships",
    "入池",
    PLACE_KEY,
    (
        *PLACE,
        _date("listed_on", "入池日期", required=True),
        _date("valid_until", "有效期至"),
        Column("document_no", "文号", limit=60),
        Column("standing", "在池状态", Kind.CHOICE, choices=STANDINGS, note="不填即为在池"),
        Column("reason_code", "原因", Kind.TERM, vocabulary="exit_reason", note="退出时填写"),
        Column("reason", "理由", limit=2000, note="状态不是“在池”时填写"),
        _date("exited_on", "退出日期", note="退出时填写，不填按导入当天；如 2025-06-30"),
        _date("rectify_by", "整改期限", note="限期整改时填写；如 2025-06-30"),
        Column("chain_mode", "链主改造模式", Kind.CHOICE, choices=CHAIN_MODES),
        Column("waiver", "豁免理由", limit=2000, note="突破“原则上”的规定时填写；限签发权限"),
    ),
    "已入池的服务商。只新增；在池状态的变动请在系统中办理。",
)

CANDIDACIES = Sheet(
    "candidacies",
    "候选",
    PLACE_KEY,
    (
        *PLACE,
        Column("phase", "阶段", Kind.CHOICE, required=True, choices=CANDIDACY_PHASES),
        Column("score", "得分", Kind.SCORE, note="0至100，最多两位小数"),
        Column("rank", "名次", Kind.INTEGER, limit=10_000),
        _date("publicity_from", "公示开始"),
        _date("publicity_until", "公示截止"),
    ),
    "已决定但未入池、正在公示或候补的服务商。只新增。",
)

SHEETS = (ORGANISATIONS, AFFILIATES, PRODUCTS, CASES, PEOPLE, MEMBERSHIPS, CANDIDACIES)
BY_CODE = {sheet.code: sheet for sheet in SHEETS}
BY_TITLE = {sheet.title: sheet for sheet in SHEETS}
