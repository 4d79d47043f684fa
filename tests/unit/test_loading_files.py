import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import UnreadableFileError
from rag.files import find_files, hash_file


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


def found_and_told(*given: Path) -> tuple[list[Path], dict[str, str]]:
    """The files, and by its name what is said of each entry that is none."""
    entries = list(find_files(given))
    told = {entry[0].name: str(entry[1]) for entry in entries if isinstance(entry, tuple)}
    return [entry for entry in entries if isinstance(entry, Path)], told


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_loops_of_links_end_and_dangling_links_are_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").touch()
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    (tmp_path / "in" / "self").symlink_to("self")
    (tmp_path / "nowhere.txt").symlink_to(tmp_path / "gone")
    files, told = found_and_told(tmp_path)
    assert files == [tmp_path / "in" / "a.txt"]
    assert set(told) == {"self", "nowhere.txt"}
    assert "is a link to something that does not exist" in told["nowhere.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_what_a_link_within_the_folder_leads_to_is_found_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").touch()
    (tmp_path / "link.txt").symlink_to("in/a.txt")
    (tmp_path / "chain.txt").symlink_to(tmp_path / "link.txt")
    (tmp_path / "again").symlink_to("in")
    assert found_and_told(tmp_path) == ([tmp_path / "in" / "a.txt"], {})
    assert found_and_told(tmp_path / "chain.txt", tmp_path / "again") == ([tmp_path / "chain.txt", tmp_path / "again" / "a.txt"], {})


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    for name in ("given/deep/a.txt", "given/.hidden/b.txt", "outside/secret.txt", "given-not/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    links: dict[str, str | Path] = {
        "file.txt": "../../outside/secret.txt",
        "folder": tmp_path / "outside",
        "parent": "../..",
        "chain.txt": "file.txt",
        "beside": "../../given-not",
        "hidden.txt": "../.hidden/b.txt",
        "hidden": "../.hidden",
    }
    for name, target in links.items():
        (tmp_path / "given" / "deep" / name).symlink_to(target)
    files, told = found_and_told(tmp_path / "given")
    assert files == [tmp_path / "given" / "deep" / "a.txt"]
    assert set(told) == set(links)
    assert {name for name, words in told.items() if "is a link to something hidden, so it was not followed" in words} == {
        "hidden.txt",
        "hidden",
    }
    assert "is a link out of the given folder, so it was not followed" in told["chain.txt"]
    assert found_and_told(tmp_path / "given" / "deep" / "folder")[0] == [tmp_path / "given" / "deep" / "folder" / "secret.txt"]


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="other rights there")
def test_a_forbidden_folder_or_file_is_told() -> None:
    with as_an_ordinary_user(), tempfile.TemporaryDirectory() as name:
        (folder := Path(name) / "secret").mkdir(mode=0o000)
        (file := Path(name) / "secret.txt").touch(mode=0o000)
        entry, *_ = find_files([folder])
        assert isinstance(entry, tuple)
        assert "secret cannot be read: permission denied" in str(entry[1])
        with pytest.raises(UnreadableFileError, match="cannot be read: permission denied"):
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


def test_a_librarys_own_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Words.")
    for name in ("originals", "lexical"):
        (tmp_path / "library" / name).mkdir(parents=True)
    for name in ("lock", "holder.json", "originals/copy.txt"):
        (tmp_path / "library" / name).write_text("{}")
    assert list(find_files([tmp_path])) == [tmp_path / "notes.txt"]
