"""A TCP proxy before a server, which can be slow, or gone."""

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """Runs while it is entered.

    Attributes:
        port: Where it listens, on 127.0.0.1.
        delay_seconds: How much later each request arrives; answers come back as fast as they can.
    """

    def __init__(self, port: int) -> None:
        """Before the server at `port`."""
        self._target = port
        self.port = 0
        self.delay_seconds = 0.0
        self._is_cut = False
        self._loop = asyncio.new_event_loop()
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def cut(self) -> None:
        """End all connections, and refuse others, until `mend`."""
        self._is_cut = True
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)

    def mend(self) -> None:
        self._is_cut = False

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        async def end() -> None:
            self._server.close()
            await self._end()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _end(self) -> None:
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open[task] = writer
        try:
            with suppress(OSError, asyncio.CancelledError):
                if not self._is_cut:
                    await self._pass_on((reader, writer))
        finally:
            self._open.pop(task)
            writer.transport.abort()

    async def _pass_on(self, client: Link) -> None:
        server = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            there, back = self._copy(client[0], server[1], delays=True), self._copy(server[0], client[1])
            ways = [asyncio.ensure_future(way) for way in (there, back)]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            server[1].transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, delays: bool = False) -> None:
        """What comes is written as much later as it is to be: a pause, not a trickle."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def write() -> None:
            while True:
                due, data = await waiting.get()
                if (early := due - self._loop.time()) > 0:
                    await asyncio.sleep(early)
                if not data:
                    return
                writer.write(data)
                await writer.drain()

        writing = asyncio.ensure_future(write())
        try:
            while data := await reader.read(1 << 16):
                waiting.put_nowait((self._loop.time() + self.delay_seconds * delays, data))
            waiting.put_nowait((0.0, b""))
            await writing
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
