"""The five errors that services raise on purpose; ``web.errors`` turns them into HTTP answers."""

from collections.abc import Mapping, Sequence


class MarketplaceError(Exception):
    """Base of all errors raised on purpose.

    ``message`` says in Chinese what is wrong, ``remedy`` how to fix it.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class NotFound(MarketplaceError):
    """The object does not exist, or the actor may not know that it does (404)."""

    def __init__(self, message: str = "没有找到您要的内容", remedy: str = "") -> None:
        super().__init__(message, remedy or "请核对网址，或从首页重新查找。")


class Forbidden(MarketplaceError):
    """The actor sees the object but may not do this (403)."""

    def __init__(self, message: str = "您没有进行此操作的权限", remedy: str = "") -> None:
        super().__init__(message, remedy or "如需办理，请切换身份或联系本单位管理员。")


class Invalid(MarketplaceError):
    """Input that cannot be accepted (422). ``fields`` maps field name to its messages."""

    def __init__(
        self,
        message: str = "填写的内容需要修改",
        fields: Mapping[str, Sequence[str]] | None = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message, remedy or "请按提示修改后重新提交，已填内容已保留。")
        self.fields = {name: list(texts) for name, texts in (fields or {}).items()}


class Conflict(MarketplaceError):
    """The state does not allow it, or somebody else was faster (409).

    ``code`` is a stable machine word, ``reasons`` lists every reason that was found.
    """

    def __init__(
        self,
        message: str,
        code: str = "conflict",
        reasons: Sequence[str] = (),
        remedy: str = "",
    ) -> None:
        super().__init__(message, remedy or "请刷新页面，查看最新情况后再办理。")
        self.code = code
        self.reasons = list(reasons) or [message]


class Unavailable(MarketplaceError):
    """A part we depend on does not answer (503). ``retry_after`` is in seconds."""

    def __init__(
        self, message: str = "服务暂时不可用", remedy: str = "", retry_after: int = 10
    ) -> None:
        super().__init__(message, remedy or "请稍后再试。")
        self.retry_after = retry_after
