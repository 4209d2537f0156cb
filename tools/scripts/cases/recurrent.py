# ===- recurrent.py - sequences through RNN, GRU and LSTM -------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from case import SAMPLES, Case

RANDOM = np.random.default_rng(10)


class LastStep(nn.Module):
    """A classifier of the last step of a sequence (batch, steps, inputs)."""

    def __init__(self, layer, features):
        super().__init__()
        self.layer, self.fc = layer, nn.Linear(features, 3)

    def forward(self, x):
        return self.fc(self.layer(x)[0][:, -1])


class States(nn.Module):
    """Of the last hidden and cell states of both directions, given (steps, batch, inputs)."""

    def __init__(self):
        super().__init__()
        self.layer, self.fc = nn.LSTM(4, 5, bidirectional=True), nn.Linear(20, 3)

    def forward(self, x):
        _, (hidden, cell) = self.layer(x.transpose(0, 1))
        both = torch.cat([hidden, cell]).transpose(0, 1)
        return self.fc(both.reshape(-1, 20))


class Embedded(nn.Module):
    """Tokens, of which a GRU's mean over all steps is classified."""

    def __init__(self):
        super().__init__()
        self.embedding, self.gru = nn.Embedding(12, 6), nn.GRU(6, 8, batch_first=True)
        self.fc = nn.Linear(8, 3)

    def forward(self, tokens):
        return self.fc(self.gru(self.embedding(tokens))[0].mean(1))


def sequences(steps):
    return {"x": RANDOM.standard_normal((SAMPLES, steps, 4)).astype(np.float32)}


def case(name, why, make, inputs):
    return Case(name, why, make, inputs, {"labels": RANDOM.integers(0, 3, SAMPLES)},
                lambda logits, labels: functional.cross_entropy(logits, labels),
                {"flags": ["--loss=softmax-cross-entropy"]})


CASES = [
    case("lstm_layers", "two layers of a bidirectional LSTM, as PyTorch exports them",
         lambda: LastStep(nn.LSTM(4, 5, num_layers=2, bidirectional=True, batch_first=True), 10),
         sequences(5)),
    case("lstm_states", "the last states of an LSTM, not its outputs", States, sequences(4)),
    case("gru_tokens", "an embedding, a GRU, the mean over its steps", Embedded,
         {"tokens": RANDOM.integers(0, 12, (SAMPLES, 6))}),
    case("rnn_relu", "an RNN with another activation, without biases",
         lambda: LastStep(nn.RNN(4, 6, nonlinearity="relu", bias=False, batch_first=True), 6),
         sequences(8)),
]
