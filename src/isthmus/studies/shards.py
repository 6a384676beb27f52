"""Shards: the pieces in which a study's results are kept. A shard exists whole or not at all, and is checked whenever
it is read: its name is its number, the beginning of its plan's digest, and the SHA-256 of its content. Several studies
may share a place: none sees, and none removes, the shards of another.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isthmus._core.files import HIDDEN
from isthmus.errors import OutputError
from isthmus.studies.store import Store

if TYPE_CHECKING:
    import pyarrow
    from torch import Tensor

NAME = re.compile(r"^(\d{5,})-([0-9a-f]{8})-([0-9a-f]{32})\.(parquet|safetensors)$")
KEY = b"isthmus"


@dataclass(frozen=True)
class ShardFile:
    """The file of a finished shard."""

    number: int
    digest: str
    name: str


class Shards:
    """The shards of a study in their store.

    Args:
        store: where they are kept.
        plan: digest of the study's plan, which every shard carries.
    """

    def __init__(self, store: Store, plan: str) -> None:
        self.store, self.plan = store, plan

    def finished(self) -> dict[int, ShardFile]:
        """The finished shards by number. Where a shard was made twice, the first by name counts."""
        found: dict[int, ShardFile] = {}
        for name in self.store.names():
            match = self._own(name)
            if match and match[4] == "parquet":
                found.setdefault(int(match[1]), ShardFile(int(match[1]), match[3], name))
        return dict(sorted(found.items()))

    def write(self, number: int, table: pyarrow.Table, paths: Mapping[str, Tensor] | None = None) -> str:
        """Writes a shard, its paths first: where the table is, everything is. Returns the name of its file."""
        import pyarrow
        import pyarrow.parquet

        about: dict[str, Any] = {"shard": number, "plan": self.plan, "paths": None}
        if paths is not None:
            from safetensors.torch import save

            content = save({name: tensor.contiguous() for name, tensor in paths.items()})
            about["paths"] = self._put(number, content, "safetensors")
        sink = pyarrow.BufferOutputStream()
        table = table.replace_schema_metadata({KEY: json.dumps(about).encode()})
        pyarrow.parquet.write_table(table, sink, write_page_checksum=True)
        return self._put(number, sink.getvalue().to_pybytes(), "parquet")

    def read(self, shard: ShardFile) -> pyarrow.Table:
        """The rows of a shard.

        Raises:
            OutputError: it was damaged or changed, or belongs to another plan.
        """
        import pyarrow
        import pyarrow.parquet

        content = self.checked(shard.name)
        try:
            # In this thread: a thread of pyarrow that lets go of these bytes while Python ends aborts the process.
            with pyarrow.parquet.ParquetFile(
                pyarrow.BufferReader(content), page_checksum_verification=True, pre_buffer=False
            ) as file:
                table = file.read(use_threads=False)
        except (pyarrow.ArrowException, OSError) as error:
            raise OutputError(f"{self.store.where}/{shard.name} is damaged: {str(error).splitlines()[0]}") from error
        about = json.loads((table.schema.metadata or {}).get(KEY, b"{}"))
        if about.get("plan") != self.plan or about.get("shard") != shard.number:
            raise OutputError(f"{self.store.where}/{shard.name} is not what its name says; it was renamed or damaged.")
        return table

    def read_paths(self, shard: ShardFile) -> dict[str, Tensor] | None:
        """The paths of a shard, where they were kept."""
        from safetensors.torch import load

        about = json.loads(self.read(shard).schema.metadata[KEY])
        return None if about["paths"] is None else load(self.checked(about["paths"]))

    def checked(self, name: str) -> bytes:
        """Content of a shard's file.

        Raises:
            OutputError: it cannot be read, or is not what was written.
        """
        match = NAME.match(name)
        assert match is not None
        content = self.store.read(name)
        if hashlib.sha256(content).hexdigest()[:32] != match[3]:
            raise OutputError(
                f"{self.store.where}/{name} was damaged or changed since it was written (its SHA-256 differs)."
            )
        return content

    def problem(self, shard: ShardFile) -> str | None:
        """What is wrong with a shard, its paths included, or None."""
        try:
            about = json.loads(self.read(shard).schema.metadata[KEY])
            if about["paths"] is not None:
                self.checked(about["paths"])
        except OutputError as error:
            return str(error)
        return None

    def remove(self, number: int) -> None:
        """Removes every file of a shard."""
        for name in self.store.names():
            match = self._own(name)
            if match and int(match[1]) == number:
                self.store.remove(name)

    def clear(self) -> None:
        """Removes every shard of this plan."""
        for name in self.store.names():
            if self._own(name):
                self.store.remove(name)

    def tidy(self) -> None:
        """Removes what a killed run of this plan left half-written. Only where no run is at work."""
        for name in self.store.leftovers():
            if re.match(rf"\d{{5,}}-{self.plan[:8]}-", name.removeprefix(HIDDEN)):
                self.store.remove(name)

    def _own(self, name: str) -> re.Match[str] | None:
        match = NAME.match(name)
        return match if match and match[2] == self.plan[:8] else None

    def _put(self, number: int, content: bytes, ending: str) -> str:
        name = f"{number:05d}-{self.plan[:8]}-{hashlib.sha256(content).hexdigest()[:32]}.{ending}"
        self.store.write(name, content)
        return name
