"""Which tests run in one process where `make test` starts several: those of a file, or of a folder whose tests share what they start."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/browser/", "tests/cluster/")


class Spreading(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Hands out whole files, in the order of their names, and these folders as one: the browser's takes half as long as the rest."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)
