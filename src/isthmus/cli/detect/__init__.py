"""isthmus detect: flags attacked inputs, and says how far that can be trusted."""

import cyclopts

from isthmus.cli.detect.evaluate import evaluate
from isthmus.cli.detect.fit import fit
from isthmus.cli.detect.score import score

detect = cyclopts.App(name="detect", help="Flag attacked inputs, and say how far that can be trusted.")
detect.command(evaluate)
detect.command(fit)
detect.command(score)
