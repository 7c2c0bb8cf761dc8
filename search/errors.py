"""What the search library raises on purpose."""


class SearchError(Exception):
    """Base of all errors below; the text may be shown to an operator."""


class InvalidRequest(SearchError):
    """A request names something that does not exist or leaves its bounds."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class Unavailable(SearchError):
    """The engine cannot answer now; callers fall back to database lists."""


class IndexMissing(Unavailable):
    """No index has been built yet."""


class IndexMismatch(Unavailable):
    """The index was built by another version of fields, analysis or dictionary."""


class ViewLost(Unavailable):
    """The servers no longer have the moment that a view shows; a new view shows the present one."""


class WriterBusy(SearchError):
    """Another process is writing to the index or rebuilding it."""


class RebuildFailed(SearchError):
    """The new index does not agree with its source; the old one stays in use."""


class BadDocument(SearchError):
    """One document cannot be indexed; nothing of its batch was written."""

    def __init__(self, document_id: str, reason: str) -> None:
        super().__init__(f"{document_id}: {reason}")
        self.document_id = document_id
        self.reason = reason
