"""Exploring: two inputs are picked in a browser, and the path between them is found while one looks on.

`session` knows what can be asked for, `server` how a page asks; the latter needs starlette and uvicorn.
"""

from isthmus.exploring.session import Job, Session

__all__ = ["Job", "Session"]
