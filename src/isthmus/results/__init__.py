"""Results: the folders that runs leave: checked before any work, locked while it goes on, whole, and hashed."""

from isthmus.results.folder import MANIFEST, RESULT, ResultFolder, claim
from isthmus.results.kept import Kept
from isthmus.results.sealed import digest_of, read_sealed, write_sealed

__all__ = ["MANIFEST", "RESULT", "Kept", "ResultFolder", "claim", "digest_of", "read_sealed", "write_sealed"]
