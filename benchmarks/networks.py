"""Architectures of the published weights that the benchmarks use; usable as `py:benchmarks.networks:FACTORY`."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from isthmus import Network, Preprocessing, load_network

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGENET20 = (0, 155, 159, 162, 167, 182, 193, 207, 217, 229, 258, 273, 482, 491, 497, 566, 569, 571, 574, 701)
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


class _Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut without weights (option A of He et al. 2016, Sec. 4.2)."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.new_channels = channels - channels_in

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        if self.new_channels:
            side = self.new_channels // 2
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, side, side))
        return functional.relu(x + y)


class CifarResNet(nn.Module):
    """The CIFAR ResNet of He et al. (2016), Sec. 4.2, with 6 n + 2 layers."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._stage(16, 16, 1, n)
        self.layer2 = self._stage(16, 32, 2, n)
        self.layer3 = self._stage(32, 64, 2, n)
        self.linear = nn.Linear(64, 10)

    @staticmethod
    def _stage(channels_in: int, channels: int, stride: int, n: int) -> nn.Sequential:
        first = _Block(channels_in, channels, stride)
        return nn.Sequential(first, *(_Block(channels, channels, 1) for _ in range(n - 1)))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def cifar_resnet20() -> Network:
    """ResNet-20 for 32 x 32 inputs, with fresh weights."""
    return _cifar(CifarResNet(3))


def cifar_resnet56() -> Network:
    """ResNet-56 for 32 x 32 inputs, with fresh weights."""
    return _cifar(CifarResNet(9))


def _cifar(model: nn.Module) -> Network:
    return Network(
        model,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        input_shape=(3, 32, 32),
        class_names=CIFAR_CLASSES,
        preprocessing=Preprocessing(size=(32, 32)),
    )


def imagenet20_resnet18() -> Network:
    """ResNet-18 of torchvision that chooses among the 20 ImageNet classes of which there are images; fresh weights."""
    whole = load_network("untrained:torchvision:resnet18?seed=0").model
    plain = type(whole).forward

    class Chosen(type(whole)):  # type: ignore[misc]
        def forward(self, x: Tensor) -> Tensor:
            return plain(self, x)[:, list(IMAGENET20)]

    whole.__class__ = Chosen  # so that its weights keep their names
    return Network(
        whole,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        input_shape=(3, 224, 224),
        preprocessing=Preprocessing(size=(224, 224)),
    )


def mnist_cnn() -> Network:
    """The two-convolution network of the alpha-beta-CROWN examples, for 28 x 28 grey inputs without normalisation."""
    preprocessing = Preprocessing(size=(28, 28), channels=1)
    return Network(_two_convolutions(1, 1568), input_shape=(1, 28, 28), preprocessing=preprocessing)


def cifar_cnn() -> Network:
    """The same for 32 x 32 colour inputs."""
    return Network(
        _two_convolutions(3, 2048),
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2023, 0.1994, 0.2010),
        input_shape=(3, 32, 32),
        class_names=CIFAR_CLASSES,
        preprocessing=Preprocessing(size=(32, 32)),
    )


def _two_convolutions(channels: int, features: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, 16, 4, 2, 1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 4, 2, 1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(features, 100),
        nn.ReLU(),
        nn.Linear(100, 10),
    )
