"""Asks one or several servers of one library over HTTP, from some callers at once; each address is asked in turn.

    python -m tests.benchmarks.load http://127.0.0.1:7860 [http://127.0.0.1:7861 ...] --chunks 10000 [--callers 1,8,50] [--seconds 60]
        [--processes 123,124]

Questions are those of `made_library` for a library of so many chunks, none asked twice. Only addresses of this machine are asked. With the
numbers of the servers' processes, what they used of the processors is told too: on a busy machine only that holds.
"""

import argparse
import asyncio
import itertools
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np

from tests.benchmarks.made_library import questions

MOST_QUESTIONS = 4_000
MOST_CALLERS = 200
TIMEOUT_SECONDS = 60.0


async def ask(urls: Sequence[str], asked: Iterator[str], callers: int, seconds: float) -> tuple[list[float], Counter[str], float]:
    """Milliseconds of each answer, failures by kind, and the seconds that all took."""
    took, failed = list[float](), Counter[str]()
    turn, began = itertools.cycle(urls), time.perf_counter()

    async def caller(client: httpx.AsyncClient) -> None:
        while time.perf_counter() < began + seconds:
            sent = time.perf_counter()
            try:
                answered = await client.post(f"{next(turn)}/api/ask", json={"question": next(asked)})
                answered.raise_for_status()
            except httpx.HTTPStatusError as error:
                failed[str(error.response.status_code)] += 1
                await asyncio.sleep(0.1)
            except httpx.HTTPError as error:
                failed[type(error).__name__] += 1
                await asyncio.sleep(0.1)
            else:
                took.append(1e3 * (time.perf_counter() - sent))

    limits = httpx.Limits(max_connections=callers)
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=limits) as client:
        await asyncio.gather(*(caller(client) for _ in range(callers)))
    return took, failed, time.perf_counter() - began


def seconds_used(processes: Sequence[int]) -> float:
    """Seconds of the processors that processes have used, all threads; those that have ended are left out."""
    seconds = 0.0
    for each in processes:
        with suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            seconds += sum(int(ticks) for ticks in fields[11:13]) / os.sysconf("SC_CLK_TCK")
    return seconds


def with_children(process: int) -> list[int]:
    """A process and all that it has started, and these have started."""
    found = [process]
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            children = (task / "children").read_text(encoding="utf-8").split()
            found += [each for child in children for each in with_children(int(child))]
    return found


def main() -> None:
    """Read the command line, and print a row for each number of callers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--chunks", type=int, required=True)
    parser.add_argument("--callers", default="1,8,50")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--processes", default="", help="numbers of the servers' processes")
    given = parser.parse_args()
    processes = [int(number) for number in given.processes.split(",") if number]
    if any(urlsplit(url).hostname not in {"127.0.0.1", "localhost"} for url in given.urls):
        parser.error("only servers on this machine are asked")
    asked = itertools.cycle(questions(given.chunks, MOST_QUESTIONS))
    asyncio.run(ask(given.urls, asked, len(given.urls), 5))  # models load
    print("| callers | questions a second | p50 (ms) | p95 | p99 | errors | core ms a question | load |\n" + "|---" * 8 + "|")
    for callers in map(int, given.callers.split(",")):
        before = seconds_used(processes)
        took, failed, seconds = asyncio.run(ask(given.urls, asked, min(callers, MOST_CALLERS), given.seconds))
        p50, p95, p99 = np.percentile(took, (50, 95, 99)) if took else (0.0, 0.0, 0.0)
        errors = ", ".join(f"{count} {name}" for name, count in failed.items()) or "0"
        used = 1e3 * (seconds_used(processes) - before) / max(1, len(took))
        times = f"{p50:.0f} | {p95:.0f} | {p99:.0f}"
        row = f"| {callers} | {len(took) / seconds:.1f} | {times} | {errors} | {used:.0f} | {os.getloadavg()[0]:.1f} |"
        print(row, flush=True)


if __name__ == "__main__":
    main()
