"""Benchmarks are scripts beside their modules: their folders go onto the path, at its end."""

import pathlib
import sys

PEERS = pathlib.Path(__file__).parents[2] / "benchmarks" / "peers"
sys.path += [str(PEERS), str(PEERS / "workers"), str(pathlib.Path(__file__).parent)]
