"""What a name is found by besides its text: parts of it, its pinyin, its first letters.

``青岛澜图智造科技有限公司`` is also ``澜图智造科技`` and ``澜图``, and typed ``lantu`` or
``ltzzkj``. Only names of providers and products have these keys, texts have none.
"""

import re
from collections.abc import Iterable, Sequence

from search.analysis.normal import CJK, normal
from search.analysis.pinyin import has_han, initials, sounds, spellings, spoken
from search.analysis.spelling import signatures
from search.analysis.tokens import name_key

KINDS = ("provider", "product")
LONGEST_PREFIX = 24
LONGEST_TEXT_PREFIX = 12
LONGEST_KEY = 100
FEWEST_INITIALS = 3  # two letters stand for far too many names


def _words(text: str) -> list[str]:
    return text.split()


_PLACES = _words(
    "中国 山东 北京 上海 天津 重庆 广东 江苏 浙江 福建 河南 河北 湖北 湖南 四川 陕西 安徽 辽宁 "
    "吉林 黑龙江 江西 云南 贵州 山西 甘肃 海南 青岛 济南 烟台 潍坊 淄博 威海 临沂 济宁 泰安 日照 "
    "东营 滨州 德州 聊城 菏泽 枣庄 莱芜 广州 深圳 苏州 杭州 南京 宁波 厦门 无锡 武汉 成都 西安 "
    "郑州 长沙 合肥 沈阳 大连 福州 东莞 佛山 石家庄 太原 长春 哈尔滨 南昌 昆明 贵阳 南宁 海口 "
    "兰州 温州 常州 珠海"
)
_TRADES = _words(
    "智造 制造 科技 数科 软件 信息 智能 技术 数字 工业 网络 互联 系统 自动化 电子 机电 装备 数据 "
    "物联 工程 设计 咨询 服务 实业 产业 发展 供应链 云 数智 数联 智联 智控 工软 企业 管理"
)
_PLACE = re.compile(rf"^(?:(?:{'|'.join(_PLACES)})[省市]?)+(?=.{{2}})")
_PAIR = re.compile(f"[{CJK}]{{2}}")
_BRANCH = "(?:.{2,3}分公司)?"
_LEGAL = re.compile(rf"(?<=.{{2}})(?:集团)?(?:股份)?(?:有限)?(?:责任)?(?:公司|集团){_BRANCH}$")
_NEAR_LEGAL = re.compile(
    rf"(?<=.{{2}})(?:股.|.份|份股)?(?:有.|.限|限有)(?:责任)?(?:公.|.司|司公){_BRANCH}$"
)
_RELEASE = re.compile(r"(?<=.{2})(?<![0-9.])v?[0-9][0-9.]{0,11}$")
_TRADE = re.compile(rf"(?<=.{{2}})(?:{'|'.join(sorted(_TRADES, key=len, reverse=True))})+$")


def without_place(name: str) -> str:
    """The name without the city it begins with, when something is left."""
    return _PLACE.sub("", name)


def core(name: str) -> str:
    """Without city in front and legal form behind: what people say. ``name`` is a name key."""
    return _LEGAL.sub("", without_place(name))


def brand(name: str) -> str:
    """The core without the words everybody in the trade has in the name."""
    return _TRADE.sub("", core(name))


def without_release(name: str) -> str:
    """The name key without a version number behind: ``澜图mesv3.0`` → ``澜图mes``."""
    return _RELEASE.sub("", name)


def heard(typed: str) -> tuple[str, ...]:
    """What of a name that was perhaps typed wrong can be looked up: the whole, without release
    number, city and legal form, also when the slip is in one of these.
    """
    bare = without_release(typed)
    plain = _LEGAL.sub("", _NEAR_LEGAL.sub("", bare))
    said = [without_place(plain)]
    if said[0] == plain and _near_place(plain[:2]) and len(plain) > 3:
        said.append(plain[2:])
    return tuple(dict.fromkeys((bare, *said)))


def _near_place(two: str) -> bool:
    return two not in _PLACES and any(
        two[0] == place[0]
        or two[1] == place[1]
        or two == place[::-1]
        or spoken(two) == spoken(place)
        for place in _PLACES
        if len(place) == len(two) == 2
    )


def forms(names: Iterable[str]) -> tuple[str, ...]:
    """The names themselves and what is made from them; each once, as name keys."""
    keys = list(filter(None, (name_key(normal(name)) for name in names)))
    made = [way(key) for key in keys for way in (str, without_place, core, brand)]
    return tuple(dict.fromkeys(form for form in made if len(form) > 1))


def keys_of(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The values of the fields ``py``, ``k`` and ``s`` for the names of one thing."""
    whole: dict[str, None] = {}
    starts: dict[str, None] = {}
    spelled: dict[str, None] = {}
    for form in forms(_without_releases(names)):
        some = sounds(form)
        read, short = spellings(some), initials(some)
        whole.update(dict.fromkeys(key[:LONGEST_KEY] for key in read))
        whole.update(dict.fromkeys(key for key in short if len(key) >= FEWEST_INITIALS))
        for key in (*read, *short):
            _add_beginnings(starts, key[:LONGEST_PREFIX])
        _add_beginnings(starts, form[:LONGEST_TEXT_PREFIX])
        if form == core(form):
            spelled.update(dict.fromkeys(signatures(some)))
    return {"py": tuple(whole), "k": tuple(starts), "s": tuple(spelled)}


def pairs_of(kind: str, tokens: Iterable[str]) -> tuple[str, ...]:
    """The values of the field ``pair``: each two Chinese characters side by side, with the kind.

    Who looks inside names of one kind has them at once, or knows that there is none.
    """
    return tuple(f"{kind}/{each}" for each in dict.fromkeys(tokens) if _PAIR.fullmatch(each))


def _without_releases(names: Sequence[str]) -> list[str]:
    """Names that are another one with a release number behind add nothing."""
    keys = [name_key(normal(name)) for name in names]
    return [
        key
        for key in keys
        if not any(
            other and other != key and key.startswith(other) and not has_han(key[len(other) :])
            for other in keys
        )
    ]


def _add_beginnings(starts: dict[str, None], key: str) -> None:
    known = len(key)  # who has a beginning has all shorter ones
    while known and key[:known] not in starts:
        known -= 1
    for size in range(known + 1, len(key) + 1):
        starts[key[:size]] = None
