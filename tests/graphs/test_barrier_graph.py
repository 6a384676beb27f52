"""barrier_graph on landscapes whose saddles are known, and on digits against all pairs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import isthmus
from isthmus.errors import InputError, OutputError
from isthmus.graphs import BarrierGraph, Forest
from isthmus.graphs.building import _draw
from isthmus.profiles import profile_many
from isthmus.testing import Basins, Ring


def test_the_tree_of_basins_is_the_true_one() -> None:
    landscape = Basins()
    order = torch.tensor([3, 0, 4, 1, 2])
    x, place = landscape.centres[order], {int(basin): number for number, basin in enumerate(order)}
    fine = isthmus.Sampling(rise=1e-4, share=0, resolution=1e-5)
    graph = isthmus.barrier_graph(landscape, x, 0, sampling=fine)
    saddles = landscape.saddles.numpy()
    assert graph.tree.weight == pytest.approx(np.sort(saddles), abs=1e-3)
    for a in range(5):
        for b in range(a + 1, 5):
            assert graph.minimax(place[a], place[b]) == pytest.approx(saddles[a:b].max(), abs=1e-3)
    labels = graph.components(0.5)  # the basins at .3 and .8 hang together at .43
    assert len(set(labels.tolist())) == 4
    assert labels[place[2]] == labels[place[3]] == 0
    basins = graph.persistence()
    assert np.isinf(basins.ends[0])
    assert sorted(basins.begins) == pytest.approx(sorted(landscape.depths.tolist()))


def test_many_inputs_in_basins_join_where_the_basins_do() -> None:
    landscape, random = Basins(), torch.Generator().manual_seed(0)
    x = landscape.centres.repeat(8, 1)
    x = x + 0.05 * torch.randn(x.shape, generator=random, dtype=torch.float64)
    graph = isthmus.barrier_graph(landscape, x, 0, most=40, method=isthmus.StraightLine())
    everything = torch.triu_indices(40, 40, 1)
    pairs = list(torch.stack([x[everything[0]], x[everything[1]]], 1))
    profiles = profile_many(landscape, pairs, torch.zeros(len(pairs), dtype=torch.long))
    best = Forest.spanning(
        landscape.loss(x, torch.zeros(40, dtype=torch.long)).numpy(),
        everything[0].numpy(),
        everything[1].numpy(),
        np.array([each.max_loss for each in profiles]),
    )
    assert np.abs(graph.tree.all_minimax() - best.all_minimax()).max() <= 1e-3
    assert graph.settled < 0.5  # real barriers cannot be settled by their ends
    narrow = graph.narrowest(4)
    assert [place.max_loss for place in narrow] == pytest.approx(sorted(landscape.saddles.tolist())[::-1], abs=0.05)
    assert all(min(place.sizes) >= 8 for place in narrow)
    peak = landscape.loss(torch.stack([place.peak for place in narrow]), torch.zeros(4, dtype=torch.long))
    assert peak.tolist() == pytest.approx([place.max_loss for place in narrow], abs=1e-6)


@pytest.fixture(scope="module")
def nines(digits: isthmus.Landscape, digit_images: tuple) -> tuple[torch.Tensor, BarrierGraph]:
    x, target = digit_images
    return x[target == 9], isthmus.barrier_graph(digits, x[target == 9], 9)


def test_it_is_the_tree_of_all_pairs_at_a_small_part_of_the_profiles(
    digits: isthmus.Landscape, nines: tuple[torch.Tensor, BarrierGraph]
) -> None:
    x, graph = nines
    n = len(x)
    i, j = torch.triu_indices(n, n, 1)
    profiles = profile_many(digits, list(torch.stack([x[i], x[j]], 1)), torch.full((len(i),), 9))
    loss = digits.loss(x, torch.full((n,), 9)).double().numpy()
    best = Forest.spanning(loss, i.numpy(), j.numpy(), np.array([each.max_loss for each in profiles]))
    same = np.abs(graph.tree.all_minimax() - best.all_minimax()) <= 1e-3
    assert same.mean() >= 0.99
    searched = int((~graph.edges.drawn).sum())
    assert searched <= 0.15 * len(i)
    ends = np.maximum(loss[i], loss[j])
    assert graph.settled == pytest.approx((graph.tree.all_minimax() <= ends + 1e-3).mean())
    assert graph.connected_through() >= (best.all_minimax() <= ends + 0.009).mean()
    drawn = graph.edges.drawn
    direct = {(a, b): each.max_loss for a, b, each in zip(i.tolist(), j.tolist(), profiles, strict=True)}
    for a, b, seen in zip(graph.edges.i[drawn], graph.edges.j[drawn], graph.edges.direct[drawn], strict=True):
        assert seen == pytest.approx(direct[int(a), int(b)], abs=0.02 + 0.02 * seen)


def test_paths_have_the_max_loss_that_the_graph_says(
    digits: isthmus.Landscape, nines: tuple[torch.Tensor, BarrierGraph]
) -> None:
    x, graph = nines
    for i, j in ((0, 1), (5, 2), (11, 30), (7, 7)):
        path = graph.path(i, j)
        assert torch.equal(path.ends, x[[i, j]])
        found = isthmus.profile(digits, path, 9)
        assert found.max_loss == pytest.approx(graph.minimax(i, j), abs=2e-3)
        if i != j:
            shown = isthmus.AffinePieces().certify(digits, path, found, graph.minimax(i, j) + 0.01)
            assert shown.certificate.whole


def test_edges_that_are_too_high_are_led_around_their_peak() -> None:
    landscape = Ring(dimensions=3)
    x = torch.cat([landscape.a, landscape.c])
    straight = isthmus.barrier_graph(landscape, x, 0, method=isthmus.StraightLine())
    assert straight.minimax(0, 1) == pytest.approx(landscape.direct_barrier, abs=1e-3)
    graph = isthmus.barrier_graph(landscape, x, 0, threshold=0.1)
    assert graph.minimax(0, 1) <= 0.1
    for i, j in ((0, 1), (1, 0)):
        path = graph.path(i, j)
        assert torch.equal(path.ends, x[[i, j]])
        assert isthmus.profile(landscape, path, 0).max_loss == pytest.approx(graph.minimax(i, j), abs=1e-3)
    assert float(landscape.loss(graph.peak(0)[None], torch.tensor([0]))) == pytest.approx(graph.minimax(0, 1), abs=1e-3)


def test_inputs_of_different_targets_have_no_edge(digits: isthmus.Landscape, digit_images: tuple) -> None:
    x, target = digit_images
    keep = ((target == 3) | (target == 8)).nonzero()[:24, 0]
    graph = isthmus.barrier_graph(digits, x[keep], target[keep], drawn=30)
    kinds = target[keep].numpy()
    assert (kinds[graph.edges.i] == kinds[graph.edges.j]).all()
    three, eight = int(np.flatnonzero(kinds == 3)[0]), int(np.flatnonzero(kinds == 8)[0])
    assert graph.minimax(three, eight) == np.inf
    with pytest.raises(InputError, match="of different targets"):
        graph.path(three, eight)
    assert len(graph.tree) == len(keep) - 2


def test_an_input_that_lies_apart_is_told(digits: isthmus.Landscape, digit_images: tuple) -> None:
    x, target = digit_images
    ones = x[target == 1][:20]
    strange = x[target == 6][:1]
    graph = isthmus.barrier_graph(digits, torch.cat([ones, strange]), 1, method=isthmus.StraightLine())
    assert graph.apart()[0] == 20
    assert graph.lowest_edge[20] >= graph.loss[20]
    assert 20 not in graph.apart(float(graph.lowest_edge[20]))


def test_a_budget_is_kept_and_what_is_known_is_not_looked_at_again(
    digits: isthmus.Landscape, nines: tuple[torch.Tensor, BarrierGraph]
) -> None:
    x, whole = nines
    short = isthmus.barrier_graph(digits, x, 9, budget=30, drawn=10)
    assert len(short.edges) == 30
    looked: list[int] = []

    def never(i: np.ndarray, j: np.ndarray) -> isthmus.graphs.Edges:
        looked.append(len(i))
        raise AssertionError

    again = isthmus.barrier_graph(digits, x, 9, known=whole.edges, look=never)
    assert not looked
    assert np.array_equal(again.tree.weight, whole.tree.weight)


def test_it_is_saved_and_loaded_whole(tmp_path: Path, nines: tuple[torch.Tensor, BarrierGraph]) -> None:
    landscape = Ring(dimensions=3)
    led = isthmus.barrier_graph(landscape, torch.cat([landscape.a, landscape.c]), 0, threshold=0.1)
    for name, graph in (("nines", nines[1]), ("led", led)):
        folder = graph.save(tmp_path / name)
        again = BarrierGraph.load(folder)
        assert again.table().equals(graph.table())
        assert torch.equal(again.path(0, 1).vertices, graph.path(0, 1).vertices)
        assert again.description == json.loads(json.dumps(graph.description))
        assert (again.threshold, again.tolerance, again.cost) == (graph.threshold, graph.tolerance, graph.cost)
        with pytest.raises(OutputError, match="exists"):
            graph.save(folder)
    file = tmp_path / "led" / "graph.safetensors"
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    with pytest.raises(OutputError, match="damaged"):
        BarrierGraph.load(tmp_path / "led")
    found = isthmus.connect(landscape, landscape.a, landscape.c, torch.tensor([0]))
    found.save(tmp_path / "connections")
    with pytest.raises(OutputError, match="no manifest of a saved graph"):
        BarrierGraph.load(tmp_path / "connections")


def test_bad_arguments_are_refused(digits: isthmus.Landscape, nines: tuple[torch.Tensor, BarrierGraph]) -> None:
    x, graph = nines
    with pytest.raises(InputError, match=r"0 \.\.\. 9"):
        isthmus.barrier_graph(digits, x, 10)
    with pytest.raises(InputError, match="most >= 1"):
        isthmus.barrier_graph(digits, x, 9, most=0)
    with pytest.raises(InputError, match="inputs 0 to 46"):
        graph.minimax(0, 99)


def test_one_input_is_a_graph_too(digits: isthmus.Landscape, nines: tuple[torch.Tensor, BarrierGraph]) -> None:
    graph = isthmus.barrier_graph(digits, nines[0][:1], 9)
    assert len(graph.edges) == 0
    assert graph.settled == 1
    assert graph.minimax(0, 0) == pytest.approx(float(graph.loss[0]))
    assert len(graph.path(0, 0).vertices) == 2


def test_pairs_are_drawn_within_targets_and_once() -> None:
    target = torch.tensor([0, 1, 0, 1, 1, 0, 2])
    i, j = _draw(target, 100, 0)
    assert sorted(zip(i.tolist(), j.tolist(), strict=True)) == [(0, 2), (0, 5), (1, 3), (1, 4), (2, 5), (3, 4)]
    i, j = _draw(torch.zeros(5000, dtype=torch.long), 1000, 1)
    assert len(set(zip(i.tolist(), j.tolist(), strict=True))) == len(i) > 990
    assert (i < j).all()
    assert 0.6 < (j > 3000).mean() < 0.68  # 1 - (3 / 5)^2


def test_a_part_of_a_graph_keeps_its_paths_and_peaks(digits: isthmus.Landscape, digit_images: tuple) -> None:
    x, target = digit_images
    graph = isthmus.barrier_graph(digits, x[target == 9], 9, threshold=0.02)
    order = np.argsort(-graph.loss)[:40]  # from high to low: most edges are turned around
    part = graph.subgraph(order)
    assert torch.equal(part.x, graph.x[torch.from_numpy(order.copy())])
    assert (part.edges.i < part.edges.j).all()
    targets = torch.full((len(part.edges),), 9)
    peaks = torch.stack([part.peak(row) for row in range(len(part.edges))])
    assert digits.loss(peaks, targets).numpy() == pytest.approx(part.edges.max_loss, abs=2e-5)
    for row, path in part.paths.items():
        assert torch.equal(path.ends, part.x[[int(part.edges.i[row]), int(part.edges.j[row])]])


def test_a_path_that_is_no_better_than_the_segment_is_not_taken() -> None:
    landscape = Ring(dimensions=3)
    led = isthmus.barrier_graph(landscape, torch.cat([landscape.a, landscape.c]), 0, threshold=0.1)
    assert len(led.path(0, 1).vertices) > 2
    worse = replace(led, edges=replace(led.edges, found=led.edges.direct + 1))
    assert len(worse.path(0, 1).vertices) == 2
    assert worse.minimax(0, 1) == led.edges.direct[0]
    assert float(landscape.loss(worse.peak(0)[None], torch.tensor([0]))) == pytest.approx(led.edges.direct[0], abs=1e-3)


def test_no_path_is_looked_for_where_an_end_is_above_the_threshold() -> None:
    landscape = Ring(dimensions=3)
    low = torch.cat([landscape.a, landscape.c])
    high = torch.tensor([[1.3, 0.0, 0.0]]).double()
    graph = isthmus.barrier_graph(landscape, torch.cat([low, high]), 0, threshold=0.1)
    assert graph.loss[2] > 0.1
    led = np.flatnonzero(~np.isnan(graph.edges.found))
    assert len(led) > 0
    assert (np.maximum(graph.loss[graph.edges.i], graph.loss[graph.edges.j])[led] <= 0.1).all()
