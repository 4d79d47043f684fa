"""Files in an S3 bucket, of Amazon's or another's, by s3fs. Keys, region and endpoint are the usual AWS_* variables.

AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION, and AWS_ENDPOINT_URL for MinIO and others; roles and profiles work too.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import SettingsError, StorageError, UnavailableError
from rag.storing.cluster.bucket import Stored, checked, fetched
from rag.tracing import calling

if TYPE_CHECKING:
    from s3fs import S3FileSystem

SECONDS_TO_CONNECT = 5
SECONDS_TO_ANSWER = 15  # between two packets, not for a whole file
ATTEMPTS = 4  # of one request, with growing pauses between them: where nothing answers, some 3 seconds
FILE_ATTEMPTS = 2  # of a file's next part, when the connection broke in the middle
PART_BYTES = 16 << 20  # larger files go in parts, some at once
PARTS_AT_ONCE = 4
DELETED_AT_ONCE = 1_000  # S3's own limit


class S3Bucket:
    """A `Bucket` in S3."""

    def __init__(self, bucket: str, prefix: str, client: "_Client | None" = None) -> None:
        """Use the part of a bucket whose names begin with a prefix; nothing is asked of it yet. Raises `SettingsError`."""
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = client or _Client()

    @property
    def address(self) -> str:
        """See `Bucket`."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def within(self, folder: str) -> "S3Bucket":
        """See `Bucket`."""
        return S3Bucket(self._bucket, self._prefix + checked(folder).strip("/"), self._client)

    def put_file(self, file: Path, name: str) -> None:
        """See `Bucket`."""
        with self._translated(f"{name} could not be stored"):
            self._client.files.put_file(str(file), self._path(name), chunksize=PART_BYTES, max_concurrency=PARTS_AT_ONCE)

    def get_file(self, name: str, file: Path) -> bool:
        """See `Bucket`."""
        path, parts = self._path(name), {"chunksize": PART_BYTES, "max_concurrency": PARTS_AT_ONCE}
        with self._translated(f"{name} could not be fetched"):
            try:
                return fetched(file, lambda partial: self._client.files.get_file(path, str(partial), **parts))
            except FileNotFoundError as error:
                return self._is_there_after(error)

    def read(self, name: str) -> bytes | None:
        """See `Bucket`."""
        with self._translated(f"{name} could not be read"):
            try:
                data: bytes = self._client.files.cat_file(self._path(name), max_concurrency=1)  # else it asks for the size first
            except FileNotFoundError as error:
                self._is_there_after(error)
                return None
            return data

    def write(self, name: str, data: bytes) -> None:
        """See `Bucket`."""
        with self._translated(f"{name} could not be stored"):
            self._call("put_object", Key=self._prefix + checked(name), Body=data)

    def copy(self, name: str, to: str) -> bool:
        """See `Bucket`."""
        with self._translated(f"{name} could not be copied"):
            try:
                self._client.files.cp_file(self._path(name), self._path(to))
            except FileNotFoundError as error:
                return self._is_there_after(error)
            return True

    def delete(self, *names: str) -> None:
        """See `Bucket`."""
        with self._translated("Files could not be deleted"):
            for first in range(0, len(names), DELETED_AT_ONCE):
                keys = [{"Key": self._prefix + checked(name)} for name in names[first : first + DELETED_AT_ONCE]]
                answer = self._call("delete_objects", Delete={"Objects": keys, "Quiet": True})
                if errors := answer.get("Errors"):
                    raise PermissionError(str(errors[0].get("Code")))

    def find(self, name: str) -> Stored | None:
        """See `Bucket`."""
        with self._translated(f"{name} could not be looked for"):
            try:
                found = self._call("head_object", Key=self._prefix + checked(name))
            except FileNotFoundError as error:
                self._is_there_after(error)
                return None
            return Stored(name, int(found["ContentLength"]), found["LastModified"].timestamp())

    def list(self, begin: str) -> Iterator[Stored]:
        """See `Bucket`."""
        with self._translated(f"{begin} could not be listed"):
            more: dict[str, str] | None = {}
            while more is not None:
                found = self._call("list_objects_v2", Prefix=self._prefix + begin, **more)
                for each in found.get("Contents", ()):
                    yield Stored(each["Key"].removeprefix(self._prefix), int(each["Size"]), each["LastModified"].timestamp())
                more = {"ContinuationToken": found["NextContinuationToken"]} if found.get("IsTruncated") else None

    def close(self) -> None:
        """See `Bucket`."""
        self._client.close()

    def _path(self, name: str) -> str:
        return f"{self._bucket}/{self._prefix}{checked(name)}"

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.files.call_s3(operation, Bucket=self._bucket, **arguments)
        return answer

    def _is_there_after(self, error: FileNotFoundError) -> bool:
        """False, for a file that is not there; FileNotFoundError where it is the bucket, which some answers leave open."""
        if _code(error) != "NoSuchKey":
            self._call("head_bucket")
        return False

    @contextmanager
    def _translated(self, problem: str) -> Iterator[None]:
        """Turn what s3fs, botocore and aiohttp raise into a `StorageError`, which tells no key."""
        import aiohttp
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from botocore.exceptions import ConnectionError as NoConnectionError

        with calling("bucket"):
            try:
                yield
            except (OSError, BotoCoreError, ClientError, HTTPClientError, aiohttp.ClientError) as error:
                is_away = isinstance(error, HTTPClientError | NoConnectionError | aiohttp.ClientConnectionError | TimeoutError)
                kind = UnavailableError if is_away else StorageError
                raise kind(f"{self.address}: {problem}: {_reason(error, self._bucket)}") from error


class _Client:
    """The connections to S3, made when first needed: one for all parts of a bucket."""

    def __init__(self) -> None:
        try:
            import s3fs  # noqa: F401
        except ImportError as error:
            raise SettingsError("RAG_ORIGINALS_URL=s3://... needs s3fs: pip install 'footnote[cluster]'.") from error
        self._lock = threading.Lock()
        self._files: S3FileSystem | None = None

    @property
    def files(self) -> "S3FileSystem":
        """What speaks to S3."""
        with self._lock:
            if self._files is None:
                from s3fs import S3FileSystem

                self._files = S3FileSystem(
                    skip_instance_cache=True,
                    use_listings_cache=False,
                    config_kwargs={
                        "connect_timeout": SECONDS_TO_CONNECT,
                        "read_timeout": SECONDS_TO_ANSWER,
                        "retries": {"total_max_attempts": ATTEMPTS, "mode": "standard"},
                        "max_pool_connections": 32,
                    },
                )
                self._files.retries = FILE_ATTEMPTS
            return self._files

    def close(self) -> None:
        """Let go of the connections, which s3fs closes then. Doing so twice is harmless."""
        with self._lock:
            self._files = None


def _code(error: BaseException) -> str:
    """What S3 calls an error, such as "AccessDenied"; "" where it is not S3's."""
    for each in (error, error.__cause__):
        if isinstance(response := getattr(each, "response", None), dict):
            return str(response.get("Error", {}).get("Code", ""))
    return ""


def _reason(error: Exception, bucket: str) -> str:
    """Why something failed, and what to do: two sentences."""
    from botocore import exceptions

    code = _code(error)
    match error:
        case FileNotFoundError():
            told = f"there is no bucket {bucket}. Make it, or correct RAG_ORIGINALS_URL."
        case PermissionError():
            cure = "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they are allowed to do there."
            told = f"the server refuses{f' ({code})' if code else ''}. {cure}"
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            told = "there are no keys for it. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        case TimeoutError() | exceptions.ConnectTimeoutError() | exceptions.ReadTimeoutError():
            told = "the server did not answer in time. See that it runs, and try again."
        case exceptions.EndpointConnectionError():
            told = "no server answers. Start it, or correct AWS_ENDPOINT_URL."
        case OSError():
            what = code or error.strerror or type(error).__name__
            told = f"{what}. See that the server works, that there is room there and on this machine's disk, and try again."
        case _:
            told = f"the connection failed ({type(error).__name__}). See that the server runs, and try again."
    return told
