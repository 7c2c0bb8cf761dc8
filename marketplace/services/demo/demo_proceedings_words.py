"""Words of the demo's case files; firms and facts are invented."""

CASES = {
    "rectification": ("X03", "上半年评价得分57.8分，里程碑按期率和季度档案两项未达标。"),
    "suspension": ("X07", "核查发现被列入示例失信名单，暂停承接新项目，待核实。"),
    "removal": ("X14", "连续两个评价期没有备案合同，经区市核实无在谈项目。"),
}
"""By kind: the cause, and what was found."""

WORDS = {
    "reason": "经核实情况属实。",
    "document": "示例〔2026〕第21号",
    "notice": "示例公示〔2026〕第{}号",
    "plan": "一、补报两个季度档案，本月底前完成，负责人项目总监。"
    "二、对三个延期里程碑逐项排期，每周报送进度。",
    "report": "两个季度档案已补报，三个里程碑已经企业确认，见附件。",
    "extension": "一家企业停产检修，现场验收须顺延一周。",
    "reply": "公司已与两家企业达成意向，预计下季度签约，请求给予一个评价期。",
    "opinion": "情况属实，程序完备，同意移出。",
    "appeal": "名单中的主体与本公司名称相近，但统一社会信用代码不同，请核对。",
    "upheld": "核对统一社会信用代码，被列入名单的不是该公司，原决定的事实不成立。",
    "rejected": "核对代码一致，原决定事实清楚。",
    "leaving": "公司业务调整，不再承接本行业改造项目。",
    "finish": "由原服务商在区市监督下完成，工期不变。",
    "transfer": "承接方已书面同意，按原合同条件继续实施。",
    "passed_over": "复查不符合条件。",
    "eligible": "符合",
    "first": "候补名单得分最高，复查符合条件。",
    "appeal_removal": "公司在陈述申辩期内提交的两份合同没有入卷，请求复核。",
    "upheld_removal": "两份合同在评价期内签订，原决定依据的事实不成立。",
    "papers": "三年工作总结、上一年度服务收支专项审计报告和运营情况测评表，见附件。",
    "listing": "示例〔2023〕第8号",
    "platform": "为中小企业提供信息化建设公共服务（示例）。",
}
PLATFORMS = (
    ("重庆渝简云服信息技术有限公司", ()),
    ("重庆翎桥数服科技有限公司", ("send_papers",)),
    ("重庆岚算企服科技有限公司", ("send_papers", "recommend_two", "confirm_review")),
)
"""Titled platforms of another programme, and how far the re-review of each has come."""
