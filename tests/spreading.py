"""Which tests run in one process where `make test` starts several: those of a file, and all browser tests, which share what they start."""

from xdist.scheduler import LoadScopeScheduling


class Spreading(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Hands out whole files, in the order of their names, and the browser's folder as one: it takes half as long as the rest."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tests/browser" if file.startswith("tests/browser/") else file
