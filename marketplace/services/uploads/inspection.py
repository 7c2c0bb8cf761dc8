"""Open a file in the confined process (S67–S72): refuse it, make its pictures anew, show a page."""

import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import orjson

from marketplace.errors import Invalid, Unavailable

PROCESS = Path(__file__).with_name("file_process.py")
WALL_SECONDS = 30
WAIT_SECONDS = 20
AT_ONCE = 2
"""Processes of one web process at a time: each may take half a gigabyte and a core."""
LARGEST_OUTPUT = 64 * 2**20
PAGE_SIDE = 1400

KINDS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpeg",
    "image/png": "png",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
"""What the process calls a media type."""
PICTURES = ("image/jpeg", "image/png")
PDF = "application/pdf"

REASONS: dict[str, str] = {
    "broken": "文件已损坏，打不开。请重新导出或扫描后再上传",
    "not_xlsx": "文件内容和扩展名不一致。请在 Word 或 Excel 中另存后再上传",
    "encrypted": "文件设有密码或限制。请去掉密码，另存后再上传",
    "javascript": "PDF 中含有脚本。请用“打印为 PDF”另存后再上传",
    "launch": "PDF 中含有自动打开程序的动作。请用“打印为 PDF”另存后再上传",
    "embedded": "文件中嵌有其他文件。请删除嵌入的文件，另存后再上传",
    "xfa": "PDF 含有动态表单。请用“打印为 PDF”另存后再上传",
    "macros": "文件含有宏。请另存为不含宏的 docx 或 xlsx 后再上传",
    "external": "文件引用了外部内容。请断开外部链接，另存后再上传",
    "doctype": "文件内部含有不允许的定义。请在 Word 或 Excel 中另存后再上传",
    "members": "文件内部部件过多。请另存或拆分后再上传",
    "bomb": "文件解压后过大。请删除多余内容，或拆分后再上传",
    "pixels": "图片太大，超过4000万像素。请缩小后再上传",
    "too_complex": "PDF 内部过于复杂。请用“打印为 PDF”另存后再上传",
    "memory": "文件太复杂，打开时超出内存限制。请缩小或拆分后再上传",
    "cpu": "文件打开超时。请缩小或拆分后再上传",
    "no_page": "没有这一页",
}


@dataclass(frozen=True)
class Opened:
    """What came of a file: its pages (0 = not counted) and, for pictures, the bytes to keep."""

    pages: int
    content: bytes = b""


_room = threading.BoundedSemaphore(AT_ONCE)


def check(path: Path, media_type: str, *, side: int = 0) -> Opened:
    """Open a file whose name and first bytes agree. Raises Invalid (field ``file``)."""
    return _run("check", KINDS[media_type], path, side)


def page(path: Path, number: int, *, side: int = PAGE_SIDE) -> Opened:
    """One page of a PDF as PNG, ``number`` from 1. Raises Invalid."""
    return _run("page", str(number), path, side)


def _run(job: str, what: str, path: Path, side: int) -> Opened:
    if not _room.acquire(timeout=WAIT_SECONDS):
        raise Unavailable("正在处理的文件较多，请稍后再试")
    try:
        return _confined(job, what, path, side)
    finally:
        _room.release()


def _confined(job: str, what: str, path: Path, side: int) -> Opened:
    # Nothing of our environment goes along; -I also keeps the folder of the script off the path.
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and script
            [sys.executable, "-I", str(PROCESS), job, what, str(path.resolve()), str(side)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONUTF8": "1"},
            cwd="/",
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise refusal("cpu") from None
    except OSError as error:
        raise Unavailable("暂时不能检查文件") from error
    _check_end(done.returncode)
    line, _, content = done.stdout.partition(b"\n")
    try:
        answer = orjson.loads(line)
    except ValueError:
        raise refusal("broken") from None
    if answer[0] == "refused":
        raise refusal(answer[1])
    if len(content) > LARGEST_OUTPUT:
        raise refusal("memory")
    return Opened(answer[1], content)


def _check_end(status: int) -> None:
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        raise refusal("cpu")
    if status in (-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS):
        raise refusal("memory")  # a parser in C ends like this when it gets no more memory
    if status != 0:
        raise refusal("broken")


def refusal(code: str) -> Invalid:
    """The error for a refused file, at the field ``file``."""
    text = REASONS.get(code, REASONS["broken"])
    return Invalid(text, fields={"file": [text]})
