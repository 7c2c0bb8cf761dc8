"""Names of browsers as people know them."""

import pytest

from marketplace.web.agents import device_name

KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KHTML} Chrome/130.0.0.0 Safari/537.36",
            "Chrome 130 · Windows",
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {KHTML} Chrome/130.0 Safari/537.36 Edg/130.0.1",
            "Edge 130 · Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox 140 · Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari 18 · iOS",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "未知设备"),
        ("x" * 500, "x" * 30),
    ],
)  # fmt: skip
def test_device_name(agent, name):
    assert device_name(agent) == name
