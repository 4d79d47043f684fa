"""A newer version of Footnote, made of this one: each set of tables has one more revision, which adds a column with a default."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from rag.storing.migrations import tables_of
from tests.unit.test_design import ROOT

REVISION = '''
import sqlalchemy as sa
from alembic import op

revision = "{revision:04}"
down_revision = "{before}"


def upgrade() -> None:
    """Add a column to each table that there is."""
    for table in sa.inspect(op.get_bind()).get_table_names(schema=op.get_bind().exec_driver_sql({schema!r}).scalar()):
        if table != "alembic_version":
            op.add_column(table, sa.Column("added_later", sa.Text, nullable=False, server_default="as before"))
'''
SCHEMA = "SELECT current_schema()"


def newer_version(folder: Path) -> dict[str, str]:
    """Make it in a folder; the variables with which a process that is started is of that version."""
    for package in ("rag", "ui"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.onnx"), symlinks=True)
        for model in (ROOT / package).rglob("*.onnx"):
            (folder / model.relative_to(ROOT)).symlink_to(model)
    migrations = folder / "rag/storing/migrations"
    for noun in migrations.iterdir():
        if noun.is_dir() and list(noun.glob("r0*.py")):
            before = tables_of(noun.name).newest
            revision = REVISION.format(revision=before + 1, before=f"{before:04}", schema=SCHEMA)
            (noun / f"r{before + 1:04}_added_later.py").write_text(revision, encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "PYTHONSAFEPATH": "1"}  # not what lies where it is started


def run(program: str, variables: dict[str, str]) -> str:
    """What a program prints that is run with these variables."""
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
