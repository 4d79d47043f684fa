"""What is known at a place in an RTF file: of the group, of the paragraph, and of what waits for its place."""

from dataclasses import dataclass, field

from rag.formats.office.grid import Row


@dataclass(frozen=True, slots=True)
class State:
    """What holds within a group."""

    target: str = "body"
    around: str = "body"  # the target before the group that gives the same words twice, of which one is read
    depth: int = 0  # of the group that chose the target
    is_hidden: bool = False
    is_raised: bool = False
    codec: str = ""
    skip: int = 1  # characters for old programs after one of Unicode


@dataclass(slots=True)
class Paragraph:
    """How the paragraph that is being read is shown."""

    heading: int = 0
    is_in_table: bool = False
    level: int = 0
    indent: int = 0
    mark: str = ""

    def look(self, word: str, number: int, headings: dict[int, int]) -> None:
        """Follow a command that changes how it is shown."""
        match word:
            case "s":
                self.heading = headings.get(number, 0)
            case "outlinelevel":
                self.heading = number + 1 if 0 <= number < 9 else 0
            case "intbl":
                self.is_in_table = True
            case "ilvl":
                self.level = max(number, 0)
            case "li" | "lin":
                self.indent = number


@dataclass(slots=True)
class Pending:
    """What waits for its place: cells of a row and where they end, rows of a table, footers."""

    cells: list[str] = field(default_factory=list)
    edges: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    footers: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    author: str = ""
    breaks_page: bool = False
