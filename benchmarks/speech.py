"""Is there speech? Paths between waves on Silero VAD, a real detector of speech in sound of 16 kHz.

    python -m benchmarks.speech --pairs 20

Needs silero-vad (6.2, MIT) and isthmus[kinds,onnx]. Its ONNX files hold an LSTM and branches, which the converter does
not know: the weights are read out of one of them into the same layers, and onnxruntime checks what they answer. (The
safetensors in the package are those of another version.) Speech is that of a synthesiser (eSpeak NG); what is none is
noise, tones and clicks. The answer is about a whole wave: the mean over its parts of 32 ms.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import isthmus
from isthmus.experiments.kinds.speech import Voices

RATE, PART, CONTEXT, PARTS = 16000, 512, 64, 8
SAMPLES = PART * PARTS


class Silero(nn.Module):
    """The layers of Silero VAD for 16 kHz: a spectrum, four convolutions, an LSTM that remembers the parts before."""

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 258, 256, stride=128, bias=False)
        self.conv1 = nn.Conv1d(129, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, 3, padding=1)
        self.lstm_cell = nn.LSTMCell(128, 128)
        self.final_conv = nn.Conv1d(128, 1, 1)

    def parts(self, x: Tensor) -> Tensor:
        """Log-odds of speech in each part of waves (n, 1, samples)."""
        n = len(x)
        wave = nn.functional.pad(x[:, 0], (CONTEXT, 0))
        state = x.new_zeros(2, n, 128)
        memory, cell = state[0], state[1]
        found = []
        for begin in range(0, x.shape[-1], PART):
            part = nn.functional.pad(wave[:, None, begin : begin + CONTEXT + PART], (0, 64), "reflect")
            real, imaginary = self.stft_conv(part).chunk(2, dim=1)
            h = (real**2 + imaginary**2).clamp_min(1e-14).sqrt()  # the slope of a root at 0 is none
            for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
                h = layer(h).relu()
            memory, cell = self.lstm_cell(h[:, :, 0], (memory, cell))
            found.append(self.final_conv(memory[:, :, None].relu())[:, 0, 0])
        return torch.stack(found, dim=1)

    def forward(self, x: Tensor) -> Tensor:
        odds = self.parts(x).mean(1)
        return torch.stack([torch.zeros_like(odds), odds], dim=1)


def folder() -> Path:
    """Where the package keeps its weights; the package itself is not imported, as it reads pickled ones."""
    from importlib.util import find_spec

    found = find_spec("silero_vad")
    if found is None or found.origin is None:
        raise SystemExit("This needs silero-vad; install it: pip install silero-vad.")
    return Path(found.origin).parent / "data"


def load() -> isthmus.Network:
    """Silero VAD on waves of a quarter of a second."""
    import onnx
    from onnx import numpy_helper

    stored = onnx.load(folder() / "silero_vad_16k_sequence.onnx").graph
    arrays = [torch.from_numpy(numpy_helper.to_array(each).copy()) for each in stored.initializer]
    basis, *others = arrays  # the spectrum; weight and bias of five convolutions; the LSTM's weights and both biases
    wide = [_as_torch(each) for each in (others[10][0], others[11][0], *others[12][0].chunk(2))]
    values = [basis, *others[:8], *wide, *others[8:10]]
    model = Silero()
    model.load_state_dict(dict(zip(model.state_dict(), values, strict=True)))
    kind = isthmus.inputs.Series(rate=RATE, length=SAMPLES)
    return isthmus.Network(
        model, input_kind=kind, class_names=["no speech", "speech"], input_shape=(1, SAMPLES), name="silero-vad"
    )


def _as_torch(gates: Tensor) -> Tensor:
    """The gates of an LSTM, which ONNX keeps in the order input, output, forget, cell."""
    i, o, f, c = gates.chunk(4)
    return torch.cat([i, f, c, o])


def by_onnxruntime(x: Tensor) -> Tensor:
    """Probability of speech in each part, as the package's own ONNX file has it."""
    import onnxruntime

    run = onnxruntime.InferenceSession(folder() / "silero_vad_16k_op15.onnx")
    wave = nn.functional.pad(x[:, 0], (CONTEXT, 0)).numpy()
    state, found = np.zeros((2, len(x), 128), np.float32), []
    for begin in range(0, x.shape[-1], PART):
        given = {"input": wave[:, begin : begin + CONTEXT + PART], "state": state, "sr": np.array(RATE)}
        out, state = run.run(None, given)
        found.append(torch.from_numpy(out[:, 0]))
    return torch.stack(found, dim=1)


def speech(count: int) -> Tensor:
    """Waves (count, 1, samples) of words, said by several voices."""
    from scipy.signal import resample_poly

    voices, found = Voices(), []
    words = ("seventeen", "window", "under the table", "yesterday", "morning", "eleven", "alligator")
    for number in range(count):
        variant = ("", "+m1", "+m3", "+f1", "+f2", "+f3")[number % 6]
        wave = voices.say(words[number % len(words)], f"en{variant}", 40 + number % 20, 165)
        found.append(torch.from_numpy(resample_poly(wave.double().numpy(), 2, 1).copy()).float()[:SAMPLES])
    return torch.stack([nn.functional.pad(each, (0, SAMPLES - len(each))) for each in found])[:, None].clamp(-1, 1)


def other(count: int) -> Tensor:
    """Waves (count, 1, samples) of noise, tones and clicks."""
    random = torch.Generator().manual_seed(0)
    t = torch.arange(SAMPLES) / RATE
    found = []
    for number in range(count):
        noise = torch.randn(SAMPLES, generator=random)
        pitch = 100 * 2 ** (5 * float(torch.rand(1, generator=random)))
        clicks = (torch.rand(SAMPLES, generator=random) < 0.002).float() * noise.sign()
        found.append((0.1 * noise, 0.4 * torch.sin(2 * torch.pi * pitch * t), 0.7 * clicks)[number % 3])
    return torch.stack(found)[:, None].clamp(-1, 1)


def main() -> None:
    """Prints what came of the pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    count = parser.parse_args().pairs
    network = load()
    landscape = isthmus.Landscape(network)
    for name, index, waves in (("speech", 1, speech(4 * count)), ("no speech", 0, other(4 * count))):
        with torch.no_grad():
            apart = float((network.model.parts(waves).sigmoid() - by_onnxruntime(waves)).abs().max())
        known = waves[landscape.logits(waves).argmax(1) == index]
        seen = known[: 2 * count]
        print(
            f"{name}: {len(known)} of {len(waves)} waves recognised, {len(seen)} used; off onnxruntime by {apart:.1g}"
        )
        half = len(seen) // 2
        found = isthmus.connect(landscape, seen[:half], seen[half : 2 * half], index, progress=False)
        direct = sorted(pair.direct.gap for pair in found)
        print(
            f"  connected {sum(pair.connected for pair in found)} of {half}, directly "
            f"{sum(pair.direct_connected for pair in found)}; gap of the direct path {direct[half // 2]:.3g} in the "
            f"median, {direct[-1]:.3g} at most; deviation {max(pair.path.deviation for pair in found):.2%} at most"
        )


if __name__ == "__main__":
    main()
