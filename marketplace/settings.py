"""Settings from the environment, checked once; the process refuses to start on an unsafe value."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.0.0.1", "::1", "localhost")
MODES = ("demo", "production", "test")
PASSWORD_PROFILES = ("asvs", "mlps")
HIGHEST_PORT = 65535
WEB_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[!-~]*)?")
DEFAULT_PORTS = {"http": 80, "https": 443}
DEMO_KEY = "demo-only-key-never-used-outside-loopback"


class UnsafeSettings(SystemExit):
    """The settings are missing or unsafe; the message says which and what to set."""


@dataclass(frozen=True)
class Site:
    """What the footer and the contact page say; the demo says 示例, never invented numbers."""

    name: str = "青岛市中小企业数字化转型 · 服务商资源池"
    host_unit: str = "示例：市级主管部门"
    operator: str = "示例：公共服务中心"
    phone: str = "示例：0532-0000 0000"
    address: str = "示例：青岛市"
    icp: str = "示例：ICP备案号"
    site_code: str = "示例：政府网站标识码"
    police: str = "示例：公安备案号"


@dataclass(frozen=True)
class Settings:
    """All settings of one process. ``mode`` is demo (loopback only), production or test."""

    mode: str
    database_url: str
    search_url: str = field(repr=False)  # may hold a password
    storage_url: str
    mail_url: str
    secret_key: str
    encryption_key: str
    base_url: str
    data_dir: Path
    trusted_hosts: tuple[str, ...]
    trusted_proxies: int = 0
    host: str = "127.0.0.1"
    port: int = 8000
    encryption_key_fallbacks: tuple[str, ...] = ()
    password_profile: str = "asvs"  # noqa: S105  a name, not a password
    max_verifies: int = 2
    max_upload_mb: int = 40
    log_json: bool = True
    home_programme: str = "qd-2024"
    scanner_url: str = ""
    webhook_origins: tuple[str, ...] = ()
    semantic: bool = True
    site: Site = field(default_factory=Site)

    @property
    def demo(self) -> bool:
        """Whether this is the demo: staff accounts need no second factor, a banner says so."""
        return self.mode == "demo"

    @property
    def encryption_keys(self) -> tuple[str, ...]:
        """The key that seals, then former keys that still open (``users reseal`` ends them)."""
        return (self.encryption_key, *self.encryption_key_fallbacks)

    @property
    def https(self) -> bool:
        """Whether the public address is https."""
        return self.base_url.startswith("https://")

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read ``MARKETPLACE_*`` and the four URLs; raises ``UnsafeSettings``."""
        read = dict(os.environ if env is None else env)
        mode = read.get("MARKETPLACE_MODE", "demo")
        data_dir = Path(read.get("MARKETPLACE_DATA", str(ROOT / "var"))).resolve()
        port = _number(read, "PORT", 8000)
        host = read.get("MARKETPLACE_HOST", "127.0.0.1")
        base_url = read.get("BASE_URL", f"http://127.0.0.1:{port}")
        hosts = read.get("TRUSTED_HOSTS", "127.0.0.1,localhost,[::1]")
        demo_key = DEMO_KEY if mode in ("demo", "test") else ""
        site_names = {name: read.get(f"SITE_{name.upper()}") for name in Site.__annotations__}
        settings = cls(
            mode=mode,
            database_url=read.get("DATABASE_URL", f"sqlite:///{data_dir}/marketplace.db"),
            search_url=_search_url(read, data_dir),
            storage_url=read.get("STORAGE_URL", f"file://{data_dir}/files"),
            mail_url=read.get("MAIL_URL", f"file://{data_dir}/mail"),
            secret_key=read.get("SECRET_KEY", demo_key),
            encryption_key=read.get("ENCRYPTION_KEY", demo_key),
            base_url=base_url.rstrip("/"),
            data_dir=data_dir,
            trusted_hosts=_words(hosts),
            trusted_proxies=_number(read, "TRUSTED_PROXIES", 0),
            host=host,
            port=port,
            encryption_key_fallbacks=_words(read.get("ENCRYPTION_KEY_FALLBACKS", "")),
            password_profile=read.get("PASSWORD_PROFILE", "asvs"),
            max_verifies=_number(read, "MAX_VERIFIES", 2),
            max_upload_mb=_number(read, "MAX_UPLOAD_MB", 40),
            log_json=read.get("LOG_FORMAT", "json") == "json",
            home_programme=read.get("HOME_PROGRAMME", "qd-2024"),
            scanner_url=read.get("SCANNER_URL", ""),
            webhook_origins=_words(read.get("WEBHOOK_ORIGINS", "")),
            # In tests off: a thread that computes would make answers depend on its speed.
            semantic=read.get("SEMANTIC", "off" if mode == "test" else "on") != "off",
            site=Site(**{name: value for name, value in site_names.items() if value}),
        )
        settings.check(read)
        return settings

    def check(self, env: Mapping[str, str] | None = None) -> None:
        """Refuse what is missing or unsafe, with the remedy in the message (S25, S33)."""
        problems = [*self._format_problems(), *self._safety_problems(env or {})]
        if problems:
            raise UnsafeSettings("启动被拒绝：\n" + "\n".join(f"  - {text}" for text in problems))

    def _format_problems(self) -> list[str]:
        problems = []
        if self.mode not in MODES:
            problems.append(f"MARKETPLACE_MODE 应为 {'、'.join(MODES)} 之一")
        if self.password_profile not in PASSWORD_PROFILES:
            problems.append("PASSWORD_PROFILE 应为 asvs 或 mlps")
        if self.scanner_url and not self.scanner_url.startswith("clamd://"):
            problems.append("SCANNER_URL 应为 clamd:///路径 或 clamd://主机:端口")
        if not self.base_url.startswith(("http://", "https://")):
            problems.append("BASE_URL 应以 http:// 或 https:// 开头")
        if not all(map(_is_origin, self.webhook_origins)):
            problems.append(
                "WEBHOOK_ORIGINS 应为逗号分隔的来源，如 https://data.example.gov.cn，不带路径"
            )
        return [*problems, *self._port_problems()]

    def tells(self, url: str) -> bool:
        """Whether events may be sent to this address at all (S18)."""
        try:
            return origin_of(url) in {origin_of(allowed) for allowed in self.webhook_origins}
        except ValueError:
            return False

    def _port_problems(self) -> list[str]:
        """Ports that no machine has: otherwise only the first call would fail, and unclearly."""
        addresses = {
            "DATABASE_URL": self.database_url,
            "SEARCH_URL": self.search_url,
            "MAIL_URL": self.mail_url,
            "SCANNER_URL": self.scanner_url,
            "BASE_URL": self.base_url,
            "PORT": f"tcp://{self.host}:{self.port}",
        }
        wrong = [name for name, url in addresses.items() if any(map(_no_port, _ports(url)))]
        return [f"{name} 中的端口应为 1 到 {HIGHEST_PORT} 的整数" for name in wrong]

    def _safety_problems(self, env: Mapping[str, str]) -> list[str]:
        problems = []
        address = urlsplit(self.base_url).hostname or ""
        local = self.host in LOOPBACK and address in LOOPBACK
        if self.mode == "demo" and not local:
            problems.append("演示模式只能绑定本机地址；对外服务请设 MARKETPLACE_MODE=production")
        if self.mode != "production":
            return problems
        if len(self.secret_key) < 32:
            problems.append("SECRET_KEY 至少32个字符（marketplace users keygen 可生成）")
        if len(self.encryption_key) < 32:
            problems.append("ENCRYPTION_KEY 至少32个字符（marketplace users keygen 可生成）")
        if not self.https and not local:
            problems.append("BASE_URL 须为 https://，否则登录 Cookie 会以明文传输")
        if env.get("FLASK_DEBUG", "") not in ("", "0") or env.get("DEBUG", "") not in ("", "0"):
            problems.append("生产环境不得打开 DEBUG")
        return problems


def origin_of(url: str) -> str:
    """Scheme, host and port of a web address, e.g. ``https://data.example.gov.cn:443``.

    Raises ValueError for anything else: a name and password, an unknown character, no host.
    """
    if not WEB_ADDRESS.fullmatch(url) or "#" in url or "\\" in url:
        raise ValueError(f"no web address: {url}")
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"no host: {url}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or DEFAULT_PORTS[parts.scheme]}"


def _is_origin(text: str) -> bool:
    try:
        origin_of(text)
    except ValueError:
        return False
    return not urlsplit(text).path


def _search_url(env: Mapping[str, str], data_dir: Path) -> str:
    """SEARCH_URL; account, key and certificates of a server may be given apart from it."""
    url = env.get("SEARCH_URL", f"tantivy://{data_dir}/index")
    names = ("user", "password", "api_key", "ca")
    apart = {name: env.get(f"SEARCH_{name.upper()}", "") for name in names}
    query = urlencode({name: value for name, value in apart.items() if value})
    if not query or not url.startswith(("http://", "https://")):
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _ports(url: str) -> list[str]:
    """The ports of all hosts that an address names."""
    try:
        places = urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:  # half an IPv6 address; who uses it says what is wrong
        return []
    return [
        found[1] for host in places.split(",") if (found := re.search(r"[^:]:([^:\]]+)$", host))
    ]


def _no_port(text: str) -> bool:
    return not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) <= HIGHEST_PORT)


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "")
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise UnsafeSettings(f"启动被拒绝：{name} 应为整数，现在是 {text!r}") from None
