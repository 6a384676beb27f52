from __future__ import annotations

import pytest
import torch
from kinds_of_inputs import WORDS, Words, sentiment

import isthmus
from isthmus.errors import NetworkError
from isthmus.landscapes.continuations import ContinuationLandscape


@pytest.fixture(scope="module")
def model():
    from isthmus.networks.zoo import import_zoo

    import_zoo("torchvision")  # which transformers imports
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(
        vocab_size=len(WORDS), n_positions=16, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = transformers.GPT2LMHeadModel(config)
        # After "good" follows "film", after "bad" follows "plot".
        ids = torch.randint(0, len(WORDS), (256, 8))
        word = {name: WORDS.index(name) for name in ("good", "bad", "film", "plot")}
        ids[:, 4] = torch.where(torch.arange(256) % 2 == 0, word["good"], word["bad"])
        ids[:, 5] = torch.where(torch.arange(256) % 2 == 0, word["film"], word["plot"])
        optimizer = torch.optim.Adam(made.parameters(), 1e-2)
        for _ in range(60):
            optimizer.zero_grad()
            made(input_ids=ids, labels=ids).loss.backward()
            optimizer.step()
    return made


@pytest.fixture
def landscape(model):
    return ContinuationLandscape(model, Words(), ["film", "plot was"], length=5)


def test_losses_are_those_of_the_model_itself(model, landscape):
    prompts = ["the a film was good", "fine plot the a bad"]
    x = landscape.embed(prompts)
    model.eval()
    for number, text in enumerate(landscape.continuations):
        loss = landscape.loss(x, number)
        for row, prompt in enumerate(prompts):
            ids = torch.tensor([Words().encode(prompt) + Words().encode(text)])
            labels = ids.clone()
            labels[:, :5] = -100
            assert float(loss[row]) == pytest.approx(float(model(input_ids=ids, labels=labels).loss.detach()), abs=1e-5)
    model.train()
    assert landscape.logits(x).argmax(1).tolist() == [0, 1] or landscape.logits(x).shape == (2, 2)
    assert model.training  # it is held fixed while it is evaluated, and no longer


def test_soft_prompts_of_one_continuation_are_connected(landscape):
    x = landscape.embed(["the film was a good", "boring was the fine good", "good"])
    low = landscape.loss(x, "film")
    found = isthmus.connect(landscape, x[:2], x[1:], "film", threshold=float(low.max()) + 0.05)
    assert all(pair.connected for pair in found) and found[0].unit == "nats a token"
    assert found[0].name_of(found[0].target) == "film"
    assert found[0].drawn_as.reading(found[0].path.at(0.0)) == "the film was a good"


def test_what_cannot_be_used_ends_in_one_line(model):
    with pytest.raises(NetworkError, match="takes no inputs_embeds"):
        ContinuationLandscape(sentiment(), Words(), ["film"], length=5)
    with pytest.raises(NetworkError, match="at least one continuation"):
        ContinuationLandscape(model, Words(), [], length=5)
