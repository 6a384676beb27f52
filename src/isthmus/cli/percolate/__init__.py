"""isthmus percolate: why inputs are connected: lattices, the conjecture on them, and networks."""

import cyclopts

from isthmus.cli.percolate.conjecture import conjecture
from isthmus.cli.percolate.lattice import lattice
from isthmus.cli.percolate.network import network

percolate = cyclopts.App(name="percolate", help="Ask why inputs are connected: percolation on lattices and landscapes.")
percolate.command(lattice)
percolate.command(conjecture)
percolate.command(network)
