"""A browser's long name for itself, in the words people know."""

import re

BROWSERS = (
    (re.compile(r"Edg(?:e|A|iOS)?/([0-9]+)"), "Edge"),
    (re.compile(r"MicroMessenger/([0-9]+)"), "微信"),
    (re.compile(r"(?:OPR|Opera)/([0-9]+)"), "Opera"),
    (re.compile(r"QQBrowser/([0-9]+)"), "QQ浏览器"),
    (re.compile(r"(?:Firefox|FxiOS)/([0-9]+)"), "Firefox"),
    (re.compile(r"(?:HeadlessChrome|Chrome|CriOS)/([0-9]+)"), "Chrome"),
    (re.compile(r"Version/([0-9]+)[^ ]* (?:Mobile/[^ ]+ )?Safari"), "Safari"),
)
SYSTEMS = (
    (re.compile(r"HarmonyOS|OpenHarmony"), "鸿蒙"),
    (re.compile(r"Android"), "Android"),
    (re.compile(r"iPhone|iPad"), "iOS"),
    (re.compile(r"Windows"), "Windows"),
    (re.compile(r"Mac OS X|Macintosh"), "macOS"),
    (re.compile(r"Linux"), "Linux"),
)
LONGEST_UNKNOWN = 30


def device_name(agent: str) -> str:
    """``Chrome 156 · Windows``; the beginning of an unknown name as it is."""
    browser = next(
        (f"{name} {match[1]}" for pattern, name in BROWSERS if (match := pattern.search(agent))), ""
    )
    system = next((name for pattern, name in SYSTEMS if pattern.search(agent)), "")
    parts = [part for part in (browser, system) if part]
    return " · ".join(parts) or agent[:LONGEST_UNKNOWN] or "未知设备"
