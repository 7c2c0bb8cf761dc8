"""The State Council's notice is read as it is published: the days equal those shipped by hand."""

import pytest

from marketplace.errors import Invalid
from marketplace.services.calendar.calendar_notice import read
from marketplace.services.upkeep.seeding import calendar_files, read_calendar

TEXTS = {
    2024: """一、元旦：1月1日放假，与周末连休。
二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。
三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。
四、劳动节：5月1日至5日放假调休，共5天。4月28日（星期日）、5月11日（星期六）上班。
五、端午节：6月10日放假，与周末连休。
六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。""",
    2026: """一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。""",
}


@pytest.mark.parametrize("year", TEXTS)
def test_the_days_read_count_as_those_shipped(year):
    contents = map(read_calendar, calendar_files())
    shipped = next(content for content in contents if content.year == year).days
    found = read(year, TEXTS[year])
    assert special(found) == special(shipped)
    first = min(special(shipped))
    assert found[first].label == shipped[first].label


def special(days):
    """Days that differ from Monday to Friday: a weekend inside a holiday may be named or not."""
    return {day: rule.working for day, rule in days.items() if rule.working == (day.weekday() > 4)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("今年放假安排如下", "没有读到放假安排"),
        ("一、元旦：13月1日放假。", "不是日期"),
        ("一、春节：2月1日至3月28日放假。", "不像一次放假"),
    ],
)
def test_what_cannot_be_read_is_said(text, said):
    with pytest.raises(Invalid) as refusal:
        read(2026, text)
    assert said in refusal.value.fields["notice"][0]
