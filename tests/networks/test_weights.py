from __future__ import annotations

import pickle
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from isthmus.errors import WeightsError
from isthmus.networks.weights import fit_weights, hash_weights, read_weights


def model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 2))


def write(state, file) -> None:
    if file.suffix == ".npz":
        np.savez(file, **{key: value.numpy() for key, value in state.items()})
    elif file.suffix == ".safetensors":
        save_file(state, file)
    else:
        torch.save(state, file)


@pytest.mark.parametrize("ending", [".npz", ".safetensors", ".pt", ".pth"])
def test_every_format_comes_back(tmp_path, ending):
    source, other = model(0), model(1)
    write(source.state_dict(), tmp_path / f"w{ending}")
    fit_weights(other, tmp_path / f"w{ending}")
    assert hash_weights(other) == hash_weights(source) != hash_weights(model(1))


@pytest.mark.parametrize("wrap", [lambda s: {"state_dict": s}, lambda s: {"model": s, "epoch": torch.tensor(3)}])
def test_checkpoints_are_opened(tmp_path, wrap):
    torch.save(wrap(model().state_dict()), tmp_path / "w.pt")
    assert read_weights(tmp_path / "w.pt").keys() == model().state_dict().keys()


def test_weights_of_a_parallel_model_fit(tmp_path):
    torch.save({f"module.{k}": v for k, v in model().state_dict().items()}, tmp_path / "w.pt")
    other = model(1)
    fit_weights(other, tmp_path / "w.pt")
    assert hash_weights(other) == hash_weights(model())


class Evil:
    def __reduce__(self):
        return (exec, ("import pathlib, os; pathlib.Path(os.environ['EVIL']).write_text('ran')",))


@pytest.mark.parametrize("ending", [".pt", ".npz"])
def test_a_pickle_that_is_not_plain_weights_is_never_run(tmp_path, ending, monkeypatch):
    trace = tmp_path / "trace"
    monkeypatch.setenv("EVIL", str(trace))
    file = tmp_path / f"w{ending}"
    if ending == ".pt":
        torch.save({"0.weight": Evil()}, file)
    else:
        np.savez(file, weight=np.array([Evil()], dtype=object))
    with pytest.raises(WeightsError) as error:
        read_weights(file)
    assert not trace.exists() and "\n" not in str(error.value)
    pickle.loads(pickle.dumps(Evil()))  # the trap itself works
    assert trace.exists()


@pytest.mark.parametrize("ending", [".npz", ".safetensors", ".pt"])
@pytest.mark.parametrize("damage", ["truncated", "garbage", "empty"])
def test_damaged_files_are_errors_of_one_line(tmp_path, ending, damage):
    file = tmp_path / f"w{ending}"
    write(model().state_dict(), file)
    whole = file.read_bytes()
    file.write_bytes({"truncated": whole[: len(whole) // 2], "garbage": b"\x13garbage" * 40, "empty": b""}[damage])
    with pytest.raises(WeightsError, match=str(file)) as error:
        read_weights(file)
    assert "\n" not in str(error.value)


def test_an_archive_of_something_else(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(WeightsError):
        fit_weights(model(), tmp_path / "w.npz")


@pytest.mark.parametrize("name", ["absent.npz", "w.onnx", "w"])
def test_files_that_cannot_be_weights(tmp_path, name):
    with pytest.raises(WeightsError):
        read_weights(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s: {k: v for k, v in s.items() if k != "2.bias"}, "lacks 2.bias"),
        (lambda s: s | {"head.weight": torch.zeros(1)}, "unknown head.weight"),
        (lambda s: s | {"0.weight": torch.zeros(9, 4)}, r"0.weight has shape \(9, 4\) where the network has \(5, 4\)"),
    ],
)
def test_weights_that_do_not_fit_are_named_and_change_nothing(tmp_path, change, expected):
    torch.save(change(model(1).state_dict()), tmp_path / "w.pt")
    target = model(0)
    before = hash_weights(target)
    with pytest.raises(WeightsError, match=expected):
        fit_weights(target, tmp_path / "w.pt")
    assert hash_weights(target) == before


def test_counters_of_batch_norm_may_be_absent(tmp_path):
    state = {k: v for k, v in model().state_dict().items() if not k.endswith("num_batches_tracked")}
    write(state, tmp_path / "w.npz")
    fit_weights(model(1), tmp_path / "w.npz")


def test_no_tensors_is_an_error(tmp_path):
    torch.save([1, 2], tmp_path / "w.pt")
    with pytest.raises(WeightsError, match="state dict"):
        read_weights(tmp_path / "w.pt")
