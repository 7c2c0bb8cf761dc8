"""All programmes of a configuration folder, read, put together and checked."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from marketplace.programmes.loader import Document, Finding, LoadFailed, read_document
from marketplace.programmes.questions import Question
from marketplace.programmes.schema import Programme
from marketplace.programmes.structure import Malformed, Problem, build, dump

Bank = Mapping[str, Question]


@dataclass(frozen=True)
class Source:
    """Where a programme came from: its document gives every finding file and line."""

    programme: Programme
    document: Document


@dataclass(frozen=True)
class Library:
    """What a folder holds. A file that could not be read is missing in ``sources``."""

    sources: Mapping[str, Source]
    findings: tuple[Finding, ...]

    @property
    def programmes(self) -> Mapping[str, Programme]:
        """Programmes by id, sorted by id."""
        return {id_: source.programme for id_, source in sorted(self.sources.items())}


def load(config: Path, *, extra: Iterable[Path] = ()) -> Library:
    """Read ``config/programmes`` and further programme folders; never raises for bad files.

    ``extra`` folders have the same layout (programmes, questions, workflows) and may use all
    questions and workflows of ``config``.
    """
    folders = [config, *extra]
    findings: list[Finding] = []
    bank = read_questions(folders, findings)
    sources: dict[str, Source] = {}
    for folder in folders:
        for path in sorted((folder / "programmes").glob("*.yml")):
            try:
                source = read_programme(path, bank, folders)
            except LoadFailed as error:
                findings += error.findings
                continue
            if source.programme.id in sources:
                findings.append(_twice(source, sources[source.programme.id]))
                continue
            sources[source.programme.id] = source
    return Library(sources, tuple(findings))


def _twice(source: Source, first: Source) -> Finding:
    message = f"项目编号“{source.programme.id}”已在 {first.document.path} 使用"
    return source.document.finding(Problem(("id",), message, "请换一个编号。"))


def read_questions(folders: Iterable[Path], findings: list[Finding]) -> Bank:
    """The questions of all folders by id; what is wrong is added to ``findings``."""
    bank: dict[str, Question] = {}
    for path in (path for folder in folders for path in sorted((folder / "questions").glob("*"))):
        try:
            document = read_document(path)
            question = _built(document, Question, document.data)
            bank[question.id] = question
            if question.id != path.stem:
                problem = Problem(("id",), "问题编号与文件名不一致", f"请改为“{path.stem}”。")
                findings.append(document.finding(problem))
        except LoadFailed as error:
            findings += error.findings
    return bank


def read_programme(path: Path, bank: Bank, folders: Iterable[Path]) -> Source:
    """One programme file with the questions of ``bank`` and the workflows of ``folders``.

    Raises LoadFailed when the file cannot be read or does not have the declared shape.
    """
    document = read_document(path)
    if not isinstance(document.data, dict):
        problem = Problem((), "文件里没有项目", "请按其他项目文件的写法填写。")
        raise LoadFailed([document.finding(problem)])
    data = dict(document.data)
    data["workflows"] = {
        name: _workflow(document, name, value, folders)
        for name, value in (data.get("workflows") or {}).items()
    }
    programme = _built(document, Programme, data)
    used = {
        use.use: bank[use.use]
        for section in programme.sections
        for use in section.questions
        if use.use in bank
    }
    programme = replace(programme, questions=used)
    return Source(replace(programme, file_sha256=digest(programme)), document)


def digest(programme: Programme) -> str:
    """SHA-256 of all that the file says, shared questions and workflows included.

    A comment changes nothing; a word in a shared question changes every programme that asks it.
    """
    plain = dump(replace(programme, file_sha256=""))
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _workflow(document: Document, name: str, value: Any, folders: Iterable[Path]) -> Any:
    """The workflow as plain data; ``use`` takes a shared one, ``add_*`` extend it."""
    if not isinstance(value, dict) or "use" not in value:
        return value
    at = ("workflows", name, "use")
    if extra := set(value) - {"use", "add_states", "add_transitions"}:
        advice = "这里只用 use、add_states 和 add_transitions。"
        problem = Problem(("workflows", name), f"不认识的键“{'、'.join(sorted(extra))}”", advice)
        raise LoadFailed([document.finding(problem)])
    files = [folder / "workflows" / f"{value['use']}.yml" for folder in folders]
    path = next((file for file in files if file.is_file()), None)
    if path is None:
        problem = Problem(
            at, f"没有名为“{value['use']}”的流程", "请核对 config/workflows 下的文件名。"
        )
        raise LoadFailed([document.finding(problem)])
    shared = dict(read_document(path).data)
    for key in ("states", "transitions"):
        shared[key] = [*shared[key], *value.get(f"add_{key}", [])]
    return shared


def _built(document: Document, cls: Any, data: Any) -> Any:
    try:
        return build(cls, data)
    except Malformed as error:
        raise LoadFailed([document.finding(problem) for problem in error.problems]) from error
