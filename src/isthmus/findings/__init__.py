"""Findings: what was found, in words, tables and a figure, and the folder that holds them."""

from isthmus.findings.findings import Findings, Table
from isthmus.findings.writing import write_findings

__all__ = ["Findings", "Table", "write_findings"]
