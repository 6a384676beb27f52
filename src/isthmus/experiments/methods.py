"""Methods: settings of studies that several experiments use."""

from __future__ import annotations

from collections.abc import Mapping

# Adam, as in the paper: a step in log-odds is along the gradient by construction, which is what they measure.
BYPASS: Mapping[str, object] = {"lr": 0.01}
# Peaks move freely, and nothing holds them near where they were (Sec. 4.3 of Vrabel et al. 2025).
FREE_PEAK: Mapping[str, object] = {**BYPASS, "hyperplane": "none", "mse": 0.0, "tv": 0.0, "rounds": 5, "max_steps": 256}

# Inputs made from noise take many steps that cost the same for one pair and for fifty: cut by number, not by time.
MADE_SHARDS: Mapping[str, object] = {"paths": True, "pairs": 50}
