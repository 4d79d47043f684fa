"""Models from Hugging Face: whether one is on this machine, and downloading one.

A process that serves stays off the network, so the download runs in one of its own: `python -m rag.embedding.downloading REPOSITORY` prints
the size in bytes, then downloads; a failure is the last line of stderr and exit status 1. HF_ENDPOINT names a mirror.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from rag.embedding.model_files import CACHED, WEIGHT_PATTERNS
from rag.errors import EmbeddingError
from rag.settings import DEFAULT_EMBEDDING_MODEL

SUFFIXES = {".json", ".txt", ".model"}  # configuration and tokenizer
OTHER_RUNTIMES = {"onnx", "openvino"}  # folders of the same weights for other programs
SECONDS_BETWEEN_LOOKS = 0.3
OnProgress = Callable[[float], None]
"""Told how much of it is here, in [0, 1]."""


def is_here(model: str) -> bool:
    """Whether a model of this name, as RAG_EMBEDDING_MODEL takes it, is on this machine: built in, a folder, or downloaded."""
    folders = [Path(model)] if "/" not in model or Path(model).is_dir() else list((_cache(model) / "snapshots").glob("*"))
    return model == DEFAULT_EMBEDDING_MODEL or any(any(folder.glob(pattern)) for folder in folders for pattern in WEIGHT_PATTERNS)


def download(model: str, progress: OnProgress | None = None) -> None:
    """Download "ORGANISATION/MODEL" from Hugging Face; what is here is not asked for again. Raises EmbeddingError, with the reason."""
    if model.count("/") != 1 or Path(model).exists():
        raise EmbeddingError(f"{model!r} is not a model on Hugging Face: give ORGANISATION/MODEL, or a name that `rag models` lists.")
    environment = os.environ | {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-P", "-m", "rag.embedding.downloading", model]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr  # noqa: PT018
        try:
            size = int(process.stdout.readline() or 0)
            while process.poll() is None:
                if progress and size:
                    progress(min(1.0, _bytes_of(_cache(model)) / size))
                time.sleep(SECONDS_BETWEEN_LOOKS)
        except BaseException:
            process.terminate()
            raise
        if process.returncode:
            reason = (process.stderr.read().strip().splitlines() or [f"exit status {process.returncode}"])[-1].rstrip(".")
            cure = "Check the connection and try again, or copy the model's folder to this machine and use that."
            raise EmbeddingError(f"{model} could not be downloaded: {reason}. {cure}")


def _cache(model: str) -> Path:
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE) / (CACHED + model.replace("/", "--"))


def _bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in (folder / "blobs").glob("*") if file.exists())


def _wanted(names: Sequence[str]) -> list[str]:
    """The files that are needed of a model's: configuration, tokenizer, and weights in one format."""
    paths = [PurePosixPath(name) for name in names]
    paths = [path for path in paths if not OTHER_RUNTIMES & set(path.parts[:-1])]
    weights = [path for path in paths if path.suffix == ".safetensors"] or [path for path in paths if path.match("pytorch_model*.bin")]
    return [str(path) for path in paths if path.suffix in SUFFIXES or path in weights]


def _fetch(repository: str) -> None:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    try:
        info = HfApi().model_info(repository, files_metadata=True)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        wanted = _wanted(list(sizes))
        print(sum(sizes[name] for name in wanted), flush=True)  # noqa: T201 - this is what the process that waits reads
        snapshot_download(repository, revision=info.sha, allow_patterns=wanted)
    except GatedRepoError:
        sys.exit("its authors ask for an account and a consent; HF_TOKEN names yours")
    except RepositoryNotFoundError:
        sys.exit("there is no such model")
    except HfHubHTTPError as error:
        sys.exit(f"the server answered {error.response.status_code}")
    except Exception as error:  # noqa: BLE001  (of the network, which has many kinds)
        sys.exit(f"no connection ({' '.join(str(error).split()) or type(error).__name__})")


if __name__ == "__main__":
    _fetch(sys.argv[1])
