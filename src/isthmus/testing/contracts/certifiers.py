"""CertifierContract: what every way to certify must do."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn

from isthmus._core.random import generator
from isthmus.certificates import Certifier
from isthmus.connecting import connect
from isthmus.errors import NetworkError
from isthmus.landscapes import AbstractLandscape, Landscape
from isthmus.networks.network import Network
from isthmus.paths import Polyline
from isthmus.profiles import Profile, Sampling, profile

DENSE = Sampling.even(20001)


class CertifierContract(ABC):
    """A bound is a bound: no scan, however dense, finds a higher loss; and a path that is too high is not certified.

    One that is about a share of the path only says so.
    """

    @abstractmethod
    def certifier(self) -> Certifier:
        """The certifier under test."""

    def kinds(self) -> set[str]:
        """What its certificates may be called; by default as it is itself."""
        return {self.certifier().kind}

    def landscape(self) -> AbstractLandscape:
        """A landscape that it can certify; by default a small network of ReLUs in float64."""
        random = generator(5)
        model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4)).double()
        for weight in model.parameters():
            weight.data = torch.randn(weight.shape, generator=random, dtype=torch.float64) / weight.shape[-1] ** 0.5
        return Landscape(Network(model, input_shape=(6,)))

    def ends(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Ends a, c (n, *input) of paths in it, and targets (n,)."""
        x = torch.rand((12, 6), generator=generator(6), dtype=torch.float64)
        return x[:6], x[6:], self.landscape().logits(x[:6]).argmax(1)

    def _paths(self) -> list[tuple[AbstractLandscape, Polyline, Profile]]:
        landscape = self.landscape()
        a, c, target = self.ends()
        paths = [Polyline(torch.stack([start, end])) for start, end in zip(a, c, strict=True)]
        return [(landscape, path, profile(landscape, path, t)) for path, t in zip(paths, target, strict=True)]

    def test_no_scan_is_above_the_bound(self) -> None:
        for landscape, path, seen in self._paths():
            high = profile(landscape, path, seen.target, sampling=DENSE).max_loss
            certificate, looked = self.certifier().certify(landscape, path, seen, high + 0.05)
            if certificate.covers == 1:
                assert certificate.bound >= high - 1e-9 * max(1.0, abs(high)), "a scan found a higher loss"
            assert looked.target == seen.target and certificate.parts >= 1
            assert certificate.kind in self.kinds() and certificate.subject_to

    def test_what_is_too_high_is_not_certified(self) -> None:
        for landscape, path, seen in self._paths():
            high = profile(landscape, path, seen.target, sampling=DENSE).max_loss
            assert not self.certifier().certify(landscape, path, seen, high - 0.01).certificate.holds

    def test_connections_carry_it(self) -> None:
        landscape = self.landscape()
        a, c, target = self.ends()
        found = connect(landscape, a, c, target, verify=self.certifier())
        connected = [pair for pair in found if pair.connected]
        assert connected, "none of the pairs is connected: give others in `ends`"
        for pair in connected:
            certificate = pair.certificate
            assert certificate is not None and certificate.holds and certificate.bound <= pair.threshold
            assert pair.certified == (certificate.covers == 1), "certified is what was shown of all of a path"

    def test_bands_hold_every_scan(self) -> None:
        for landscape, path, seen in self._paths():
            dense = profile(landscape, path, seen.target, sampling=DENSE)
            band = self.certifier().certify(landscape, path, seen, dense.max_loss + 0.05).certificate.band
            if band is None:
                return
            assert float(band.begin[0]) == 0 and float(band.end[-1]) == 1 and torch.equal(band.begin[1:], band.end[:-1])
            where = torch.searchsorted(band.end, dense.t).clamp_max(len(band.end) - 1)
            loss = dense.loss.double()
            slack = 1e-9 * loss.abs().clamp_min(1)
            assert bool((loss <= band.upper[where] + slack).all() & (loss >= band.lower[where] - slack).all())

    def test_what_it_cannot_look_at_is_refused(self) -> None:
        from isthmus.testing.landscapes import DoubleWell

        try:
            self.certifier().check(DoubleWell(), torch.zeros(2, dtype=torch.float64))
        except NetworkError:
            return
        landscape = DoubleWell()
        straight = Polyline(torch.cat([landscape.a, landscape.c]))
        seen = profile(landscape, straight, 0)
        certificate, _ = self.certifier().certify(landscape, straight, seen, landscape.direct_barrier + 0.01)
        assert certificate.bound >= landscape.direct_barrier - 1e-6
