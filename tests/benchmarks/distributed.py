"""Adding made documents through Ray, with two local workers, beside the pipeline without it.

    python -m tests.benchmarks.distributed --documents 200 --rounds 3

The two take turns, each with a new library, so that what else the machine does meets both alike. What a server does once is not measured:
the start of the cluster, the connection, the loading of models. On a machine that others use too, more processes get a larger share of it,
so the seconds of processor time that all of them took say more than those of the clock.
"""

import argparse
import os
import statistics
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rag import Library, Settings
from tests.benchmarks.made_pdf import DID, HOW, WHAT, WHEN, WHO
from tests.documents import plain_pdf
from tests.ray_cluster import LocalRay

SEED = 7
SENTENCES_A_PAGE = 30
PAGES = 3  # of a PDF
PDF_EVERY = 4  # documents; the others are Markdown


def make(folder: Path, count: int) -> Path:
    """The same number of documents is the same text."""
    random = Random(SEED)
    folder.mkdir()

    def page() -> str:
        parts = ((random.choice(each) for each in (WHO, DID, HOW, WHAT, WHEN)) for _ in range(SENTENCES_A_PAGE))
        return " ".join(f"{who.capitalize()} {did} the {how} {what} {when}." for who, did, how, what, when in parts)

    for number in range(count):
        if number % PDF_EVERY:
            (folder / f"{number}.md").write_text(f"# Report {number}\n\n{page()}\n\n## Details\n\n{page()}\n")
        else:
            (folder / f"{number}.pdf").write_bytes(plain_pdf(*(page() for _ in range(PAGES)), title=f"Report {number}"))
    return folder


@dataclass(frozen=True, slots=True)
class Run:
    """One turn: seconds of the clock, seconds of processors, chunks."""

    seconds: float
    processor: float
    chunks: int


def measure(files: Path, folder: Path, ray: LocalRay, *, is_remote: bool) -> Run:
    """Add files to a new library."""
    address = ray.address if is_remote else None
    first = folder.with_suffix(".md")
    first.write_text(f"This loads the models, for {folder.name}.")
    with Library.open(folder, Settings(ray_address=address, ocr=False)) as library:
        library.add(first)
        processor, begin = processor_seconds(ray), time.perf_counter()
        assert library.add(files).all_searchable
        seconds = time.perf_counter() - begin
        return Run(seconds, processor_seconds(ray) - processor, sum(record.chunks for record in library.documents()))


def processor_seconds(ray: LocalRay) -> float:
    """What this process, its children, and the cluster have taken so far."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if os.getpid() in {int(folder.name), int(fields[1])} or int(fields[3]) == ray.session:
                ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    ray = LocalRay()
    os.environ.update(ray.environment)
    with ray, tempfile.TemporaryDirectory() as made:
        room = Path(made)
        files = make(room / "files", given.documents)
        with Library.open(room / "open", Settings(ray_address=ray.address)) as kept:  # keeps the connection, and the model loaded here
            kept.connect_workers()
            kept.embed(["The model is loaded."])
            measure(files, room / "first", ray, is_remote=True)
            ratios, processor = [], []
            for turn in range(given.rounds):
                alone = measure(files, room / f"alone {turn}", ray, is_remote=False)
                through = measure(files, room / f"ray {turn}", ray, is_remote=True)
                assert alone.chunks == through.chunks
                ratios.append(through.seconds / alone.seconds)
                processor.append(through.processor / alone.processor)
                print(f"{given.documents} documents, {alone.chunks} chunks, load {os.getloadavg()[0]:.1f}:", end=" ")
                for name, run in (("alone", alone), ("through Ray", through)):
                    print(f"{name} {run.seconds:.1f} s, {run.processor:.1f} s of processors", end="; ", flush=True)
                print()
    for name, values in (("seconds", ratios), ("processor", processor)):
        print(f"through Ray / alone, {name}: median {statistics.median(values):.2f}, from {min(values):.2f} to {max(values):.2f}")


if __name__ == "__main__":
    main()
