"""How fast a library follows a watched folder: `python -m tests.benchmarks.watched [--files 5000]`.

Prints the seconds from each change to its being searchable by its words, and the share of a core that watching takes while nothing changes.
Files settle for a second before they are read, which is part of these seconds.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rag import Library
from rag.watching.watcher import Watcher
from tests.benchmarks.mixed import paragraphs_of

IDLE_SECONDS = 30.0
MOST_SECONDS = 1800.0


def wait_for(is_there: Callable[[], bool]) -> float:
    """Seconds until it is."""
    begun = time.perf_counter()
    while not is_there():
        if time.perf_counter() - begun > MOST_SECONDS:
            raise TimeoutError
        time.sleep(0.05)
    return time.perf_counter() - begun


@contextmanager
def watching(library: Library, folder: Path) -> Iterator[Watcher]:
    """A watcher at work."""
    watcher = Watcher(library, [folder])
    thread = threading.Thread(target=watcher.run)
    thread.start()
    try:
        yield watcher
    finally:
        watcher.stop()
        thread.join()


def main() -> None:
    """Print a line for each change."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=5000)
    count = parser.parse_args().files
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "docs")
        for number in range(count):
            path = folder / f"{number // 100}" / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n\n".join(paragraphs_of(number)), encoding="utf-8")
        with Library.open(Path(made, "library")) as library:
            library.warm_up()
            with watching(library, folder):
                print(f"start, all new\t{wait_for(lambda: len(library.documents()) == count):.1f} s", flush=True)
        with Library.open(Path(made, "library")) as library, watching(library, folder) as watcher:
            begun = time.perf_counter()
            wait_for(lambda: watcher.folders[0].files == count)
            wait_for(lambda: not watcher.folders[0].waiting)
            print(f"start, all known\t{time.perf_counter() - begun:.1f} s", flush=True)
            used = time.process_time()
            time.sleep(IDLE_SECONDS)
            print(f"idle\t{(time.process_time() - used) / IDLE_SECONDS:.1%} of a core", flush=True)
            follow(library, folder / "7" / "777.txt")


def follow(library: Library, path: Path) -> None:
    """Change, rename and delete a file."""

    def names() -> dict[str, str]:
        return {record.name: record.id for record in library.documents()}

    before = names()[path.name]
    path.write_text("A zeppelin crossed the ocean.", encoding="utf-8")
    changed = wait_for(lambda: names().get(path.name, before) != before)
    assert "zeppelin" in library.retrieve("zeppelin")[0].text
    print(f"a change\t{changed:.1f} s", flush=True)
    path.rename(path.with_name("renamed.txt"))
    print(f"a new name\t{wait_for(lambda: 'renamed.txt' in names() and path.name not in names()):.1f} s", flush=True)
    path.with_name("renamed.txt").unlink()
    print(f"a deletion\t{wait_for(lambda: 'renamed.txt' not in names()):.1f} s", flush=True)


if __name__ == "__main__":
    main()
