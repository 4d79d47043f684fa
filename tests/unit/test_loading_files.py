import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import UnreadableFileError
from rag.loading.files import find_files, hash_file


@contextlib.contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """The superuser may read everything, so a test that it runs becomes someone else for a while."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_folders_are_walked_in_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/deep/y.pdf", ".hidden", ".git/config", "c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = list(find_files([tmp_path / "c.txt", tmp_path, str(tmp_path / ".hidden")]))
    expected = ["c.txt", "a/deep/y.pdf", "a/z.md", "b.txt", "c.txt", ".hidden"]
    assert found == [tmp_path / name for name in expected]


def test_what_is_missing_is_an_entry_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "here.txt").touch()
    missing, here = find_files([tmp_path / "gone.txt", tmp_path / "here.txt"])
    assert here == tmp_path / "here.txt"
    assert isinstance(missing, tuple)
    path, error = missing
    assert path == tmp_path / "gone.txt"
    assert isinstance(error, UnreadableFileError)
    assert "gone.txt does not exist" in str(error)


@pytest.mark.parametrize("path", ["a\0b.txt", "~nobody-has-this-name/a.txt", "x" * 5000])
def test_impossible_paths_are_entries_too(path: str) -> None:
    (entry,) = find_files([path])
    assert isinstance(entry, tuple)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_loops_of_links_end_and_dangling_links_are_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").touch()
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    (tmp_path / "in" / "self").symlink_to("self")
    (tmp_path / "link.txt").symlink_to(tmp_path / "in" / "a.txt")
    (tmp_path / "nowhere.txt").symlink_to(tmp_path / "gone")
    entries = list(find_files([tmp_path]))
    assert [entry for entry in entries if isinstance(entry, Path)] == [tmp_path / "in" / "a.txt", tmp_path / "link.txt"]
    told = {entry[0].name: str(entry[1]) for entry in entries if isinstance(entry, tuple)}
    assert set(told) == {"self", "nowhere.txt"}
    assert "is a link to something that does not exist" in told["nowhere.txt"]


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="other rights there")
def test_a_forbidden_folder_or_file_is_told() -> None:
    with as_an_ordinary_user(), tempfile.TemporaryDirectory() as name:
        (folder := Path(name) / "secret").mkdir(mode=0o000)
        (file := Path(name) / "secret.txt").touch(mode=0o000)
        entry, *_ = find_files([folder])
        assert isinstance(entry, tuple)
        assert "secret may not be read by this user" in str(entry[1])
        with pytest.raises(UnreadableFileError, match="may not be read by this user"):
            hash_file(file)


def test_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(bytes(range(256)) * 10_000)
    assert hash_file(file) == hashlib.sha256(file.read_bytes()).hexdigest()


def test_what_cannot_be_hashed_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"gone\.txt does not exist"):
        hash_file(tmp_path / "gone.txt")
    with pytest.raises(UnreadableFileError, match="is a folder, not a file"):
        hash_file(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert list(find_files([tmp_path])) == []
    with pytest.raises(UnreadableFileError, match="is not a regular file"):
        hash_file(tmp_path / "pipe.txt")
