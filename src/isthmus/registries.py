"""Registries: every family's members by the names that the command line, studies and docs use, one line each.

A member of your own needs no line: `py:PACKAGE.MODULE:NAME` names it wherever a name may stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isthmus._core.registry import Registry

if TYPE_CHECKING:
    from isthmus.certificates.base import Certifier
    from isthmus.connecting.connectors.base import AnyConnector
    from isthmus.connecting.measuring import Measurement
    from isthmus.experiments.base import Experiment
    from isthmus.inputs.kinds.base import InputKind
    from isthmus.landscapes.domains import Domain
    from isthmus.landscapes.losses import Loss
    from isthmus.making.method import AttackMethod, SynthesisMethod
    from isthmus.metrics.base import AbstractMetric
    from isthmus.paths.base import AbstractPath
    from isthmus.studies.pair_kinds.base import Kind

LOSSES: Registry[Loss] = Registry(
    "loss",
    ".landscapes.losses:Loss",
    {"cross-entropy": ".landscapes.losses:CrossEntropy", "margin": ".landscapes.losses:Margin"},
)
DOMAINS: Registry[Domain] = Registry(
    "domain",
    ".landscapes.domains:Domain",
    {"box": ".landscapes.domains:Box", "unbounded": ".landscapes.domains:Unbounded"},
)
INPUT_KINDS: Registry[InputKind] = Registry(
    "kind of inputs",
    ".inputs.kinds.base:InputKind",
    {
        "image": ".inputs.kinds.images:Images",
        "series": ".inputs.kinds.series:Series",
        "table": ".inputs.kinds.table:Table",
        "tokens": ".inputs.kinds.tokens:Tokens",
        "array": ".inputs.kinds.arrays:Arrays",
    },
)
PATHS: Registry[AbstractPath] = Registry(
    "path",
    ".paths.base:AbstractPath",
    {"polyline": ".paths.polyline:Polyline", "bezier": ".paths.bezier:Bezier"},
)
METHODS: Registry[AnyConnector] = Registry(
    "method",
    ".connecting.connectors.base:AbstractConnector",
    {
        "bypass": ".connecting.connectors.barrier_bypass:BarrierBypass",
        "paper": ".connecting.connectors.barrier_bypass:BarrierBypass.paper",
        "bezier": ".connecting.connectors.bezier_curve:BezierCurve",
        "moco-ea": ".connecting.connectors.bezier_curve:BezierCurve.moco_ea",
        "level-set": ".connecting.connectors.level_set_traversal:LevelSetTraversal",
        "string": ".connecting.connectors.string_method:StringMethod",
        "elastic-band": ".connecting.connectors.nudged_elastic_band:NudgedElasticBand",
        "straight": ".connecting.connectors.straight_line:StraightLine",
    },
)
METRICS: Registry[AbstractMetric] = Registry(
    "metric",
    ".metrics.base:AbstractMetric",
    {
        "l2": ".metrics.norms:L2",
        "linf": ".metrics.norms:LInf",
        "per-channel": ".metrics.norms:PerChannel",
        "features": ".metrics.features:Features",
        "fisher": ".metrics.fisher:Fisher",
    },
)
MEASUREMENTS: Registry[Measurement] = Registry(
    "measurement", ".connecting.measuring:Measurement", {"kept": ".connecting.kept:AsKept"}
)
CERTIFIERS: Registry[Certifier] = Registry(
    "certificate",
    ".certificates.base:Certifier",
    {
        "auto": ".certificates.cheapest:Cheapest",
        "pieces": ".certificates.affine_pieces:AffinePieces",
        "taylor": ".certificates.taylor:TaylorModels",
        "samples": ".certificates.samples:UniformSamples",
    },
)
ATTACKS: Registry[AttackMethod] = Registry(
    "attack",
    ".making.method:AttackMethod",
    {
        "paper": ".making.attacks:TargetedAdam",
        "pgd-linf": ".making.pgd:PGD.linf",
        "pgd-l2": ".making.pgd:PGD.l2",
        "fgsm": ".making.pgd:PGD.fgsm",
    },
)
GENERATORS: Registry[SynthesisMethod] = Registry(
    "generator",
    ".making.method:SynthesisMethod",
    {"noise": ".making.synthesis:FromNoise", "fourier": ".making.fourier:Fourier"},
)
KINDS: Registry[Kind] = Registry(
    "kind of pairs",
    ".studies.pair_kinds.base:Kind",
    {
        "within": ".studies.pair_kinds.drawn:Within",
        "across": ".studies.pair_kinds.drawn:Across",
        "attacked": ".studies.pair_kinds.attacked:AttackedAcross",
        "attacked_within": ".studies.pair_kinds.attacked:AttackedWithin",
        "synthesized": ".studies.pair_kinds.synthesized:SynthesizedWithin",
    },
)
EXPERIMENTS: Registry[Experiment] = Registry(
    "experiment",
    ".experiments.base:Experiment",
    {
        "real": ".experiments.real:Real",
        "adversarial": ".experiments.adversarial:Adversarial",
        "untrained": ".experiments.untrained:Untrained",
        "training": ".experiments.training:Training",
        "architectures": ".experiments.architectures:Architectures",
        "kinds": ".experiments.kinds:Kinds",
        "decision-map": ".experiments.decision_map:DecisionMap",
    },
)
