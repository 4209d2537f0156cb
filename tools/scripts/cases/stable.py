# ===- stable.py - losses whose pieces need more precision than fp16 has ----===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Logarithms of probabilities, norms, quotients and roots, with logits of 12 and
# more: what an exporter takes apart, and what people write themselves.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from case import SAMPLES, Case

RANDOM = np.random.default_rng(4)
X = RANDOM.standard_normal((SAMPLES, 6)).astype(np.float32)
IMAGE = RANDOM.standard_normal((SAMPLES, 3, 4, 4)).astype(np.float32)
BITS = RANDOM.integers(0, 2, (SAMPLES, 3)).astype(np.float32)
SHARES = RANDOM.dirichlet([0.5] * 4, SAMPLES).astype(np.float32)
SHARES[SHARES < 0.05] = 0
ONE_OF_4 = RANDOM.integers(0, 4, SAMPLES)
ONE_HOT = np.eye(4, dtype=np.float32)[ONE_OF_4]
PIXELS = RANDOM.integers(0, 3, (SAMPLES, 4, 4))


class Logits(nn.Module):
    """`loss` of `scale` times a dense layer, or a convolution of images: a small step of the
    weights then moves the logits."""

    def __init__(self, width, scale, loss, layer=None):
        super().__init__()
        self.layer = layer or nn.Linear(6, width)
        self.scale, self.loss = scale, loss

    def forward(self, x, *targets):
        return self.loss(self.scale * self.layer(x), *targets)


def case(name, why, width, scale, loss, targets=None, layer=None, x=None, lr=0.001, **expect):
    """Rates are such that the losses change by a tenth or more in the four steps."""
    inputs = {"x": X if x is None else x, **(targets or {})}
    return Case(name, why, lambda: Logits(width, scale, loss, layer and layer()), inputs,
                expect={"lr": lr, **expect})


def exporting():
    return torch.onnx.is_in_onnx_export()


def of_rows(losses):
    """Their sum in a row, the mean of the rows."""
    return losses.sum(1).mean()


def bce_of(p_log, rest_log, t):
    return -of_rows(t * p_log + (1 - t) * rest_log)


def bce_clamped(x, t):
    """binary_cross_entropy, which has no symbol in the exporter, as it is defined."""
    if not exporting():
        return of_rows(functional.binary_cross_entropy_with_logits(x, t, reduction="none"))
    p = torch.sigmoid(x)
    return bce_of(torch.log(p).clamp(min=-100), torch.log(1 - p).clamp(min=-100), t)


def bce_bounded(x, t):
    """As Keras bounds probabilities."""
    p = torch.sigmoid(x).clamp(1e-7, 1 - 1e-7)
    return bce_of(torch.log(p), torch.log(1 - p), t)


def bce_epsilon(x, t):
    p = torch.sigmoid(x)
    return bce_of(torch.log(p + 1e-5), torch.log(1 - p + 1e-5), t)


def focal(x, t):
    p = torch.sigmoid(x)
    p_t = p * t + (1 - p) * (1 - t)
    return -of_rows((1 - p_t) ** 2 * torch.log(p_t + 1e-8))


def focal_of_bce(x, t):
    """As torchvision writes it."""
    loss = functional.binary_cross_entropy_with_logits(x, t, reduction="none")
    p = torch.sigmoid(x)
    p_t = p * t + (1 - p) * (1 - t)
    return of_rows(loss * (1 - p_t) ** 2 * (0.25 * t + 0.75 * (1 - t)))


def nll_of_log(x, labels):
    return functional.nll_loss(torch.log(functional.softmax(x, 1)), labels)


def softmax_by_hand(x, t):
    e = torch.exp(x)
    p = e / e.sum(1, keepdim=True)
    return -torch.log((p * t).sum(1) + 1e-12).mean()


def sum_exp(x, t):
    return (torch.log(torch.exp(x).sum(1)) - (x * t).sum(1)).mean()


def sparse_entropy(x):
    """p * log(p) of shares that may be zero: autograd has NaN for those of PyTorch's own form."""
    r = torch.relu(x)
    p = r / (r.sum(1, keepdim=True) + 1)
    if exporting():
        return -(p * torch.log(p)).sum(1).mean()
    safe = torch.where(p > 0, p, torch.ones_like(p))
    return -(p * torch.log(safe)).sum(1).mean()


def norms_of_rows(x):
    """Some rows are zero, where the gradient of torch.norm is 0."""
    r = torch.relu(x)
    r = r * (r.sum(1, keepdim=True) > 6).float()
    return torch.norm(r, dim=1).mean()


def unit_rows(x, t):
    """x / |x|, where some are zero: 0 / 0 in the file."""
    r = x * (x[:, :1] > -3).float()
    square = (r * r).sum(1, keepdim=True)
    if exporting():
        return of_rows((r / torch.sqrt(square) - t) ** 2)
    safe = torch.where(square > 0, square, torch.ones_like(square))
    return of_rows((r / torch.sqrt(safe) - t) ** 2)


CASES = [
    case("bce_pos_weight", "PyTorch's BCE with logits and weights, logits of 14 and more", 3, 20,
         lambda x, t: of_rows(functional.binary_cross_entropy_with_logits(
             x, t, weight=torch.tensor([1., 2., 0.5]), pos_weight=torch.tensor([3., 1., 2.]),
             reduction="none")),
         {"targets": BITS}, says=[r"Log_1\": log\(1 - sigmoid\(x\)\) is computed as -softplus\(x\)"],
         lr=0.003),
    case("bce_pos_weight_fp8", "the same on a chip of FP8: its operands have two bits of mantissa",
         3, 20, lambda x, t: of_rows(functional.binary_cross_entropy_with_logits(
             x, t, pos_weight=torch.tensor([3., 1., 2.]), reduction="none")),
         {"targets": BITS}, target="asu-fp8", precision="fp8", tolerance=0.12, lr=0.001),
    case("bce_clamped", "BCE of a sigmoid, with the logarithms clamped at -100", 3, 25, bce_clamped,
         {"targets": BITS}, lr=0.003),
    case("bce_bounded", "BCE of a sigmoid between 1e-7 and 1 - 1e-7", 3, 20, bce_bounded,
         {"targets": BITS}, silent=["fp32 loses"], lr=0.01),
    case("bce_epsilon", "1e-5 in the logarithms, which changes what a logit of 12 costs", 3, 20,
         bce_epsilon, {"targets": BITS}, silent=["fp32 loses"], lr=0.02),
    case("multilabel_soft_margin", "log(sigmoid(x)) and log(sigmoid(-x))", 3, 20,
         functional.multilabel_soft_margin_loss, {"targets": BITS},
         says=[r"log\(sigmoid\(x\)\) is computed as"], lr=0.003),
    case("focal_p", "log(p t + (1 - p) (1 - t) + 1e-8) has no stable form: it stays in FP32", 3, 15,
         focal, {"targets": BITS}, lr=0.01),
    case("focal_bce", "torchvision's focal loss", 3, 15, focal_of_bce, {"targets": BITS}, lr=0.006),
    case("log_of_softmax", "NLL of log(softmax(x)), logits of 15", 4, 20, nll_of_log,
         {"labels": ONE_OF_4}, says=[r"log\(softmax\(x\)\) is computed as log_softmax\(x\)"]),
    case("log_of_softmax_map_fp8", "the same over the channels of a map, on a chip of FP8", 3, 12,
         nll_of_log, {"labels": PIXELS}, layer=lambda: nn.Conv2d(3, 3, 3, padding=1), x=IMAGE,
         target="asu-fp8", precision="fp8", tolerance=0.12, lr=0.006),
    case("softmax_by_hand", "exp(x) / sum(exp(x)), where fp16 has no exp(12)", 4, 20,
         softmax_by_hand, {"targets": ONE_HOT}, says=[r"is computed as softmax\(x\)"]),
    case("sum_of_exp", "log(sum(exp(x))), where fp16 has no exp(12)", 4, 20, sum_exp,
         {"targets": ONE_HOT}, says=[r"with the largest x taken out"], lr=0.002),
    case("log_sum_exp", "PyTorch's logsumexp", 4, 20,
         lambda x, t: (torch.logsumexp(x, 1) - (x * t).sum(1)).mean(), {"targets": ONE_HOT},
         silent=["fp32 loses"], lr=0.002),
    case("kl_divergence", "targets of which some are 0", 4, 12,
         lambda x, t: functional.kl_div(functional.log_softmax(x, 1), t, reduction="batchmean"),
         {"targets": SHARES}),
    case("entropy", "p log p of shares that underflow", 4, 20,
         lambda x: -(functional.softmax(x, 1) * functional.log_softmax(x, 1)).sum(1).mean(),
         lr=0.005),
    case("entropy_sparse", "p log p of shares that are zero", 4, 8, sparse_entropy,
         says=[r"Log.*the gradient of x \* log\(x\) is 0 where x is 0"], lr=0.1),
    case("softplus_beta", "softplus with another slope, of logits of 20", 3, 30,
         lambda x, t: of_rows(functional.softplus((1 - 2 * t) * x, beta=2, threshold=10)),
         {"targets": BITS}, lr=0.002),
    case("log1p_exp", "log(1 + exp(x)) by hand", 3, 30,
         lambda x, t: of_rows(torch.log(1 + torch.exp((1 - 2 * t) * x))), {"targets": BITS},
         lr=0.004),
    case("normalize_large", "F.normalize of rows of norm 500", 3, 400,
         lambda x, t: of_rows((functional.normalize(x, dim=1) - t) ** 2), {"targets": BITS}, lr=1),
    case("cosine_similarity", "the product of two squared norms is beyond fp16", 3, 40,
         lambda x, t: (1 - functional.cosine_similarity(x, 20 * t + 5)).mean(), {"targets": BITS},
         lr=0.03),
    case("cosine_similarity_fp8", "the same on a chip of FP8", 3, 40,
         lambda x, t: (1 - functional.cosine_similarity(x, 20 * t + 5)).mean(), {"targets": BITS},
         target="asu-fp8", precision="fp8", tolerance=0.12,
         lr=0.1),
    case("norm_of_zero", "a norm of rows of which some are zero", 4, 8, norms_of_rows,
         says=[r"Sqrt.*the gradient of a root is 0 where its operand is 0"], lr=0.002),
    case("unit_rows", "rows divided by their norms, of which some are zero", 3, 8, unit_rows,
         {"targets": BITS}, says=[r"a quotient by a norm is 0, and has no gradient"], lr=0.5),
    case("mean_of_squares", "errors of 300, whose squares are beyond fp16", 3, 4,
         lambda x, t: ((x - 300 * t) ** 2).mean(1).mean(), {"targets": BITS}, lr=0.001),
    case("gaussian_nll", "a variance that is learned, and divides", 3, 3,
         lambda x, t: of_rows(functional.gaussian_nll_loss(
             x, t, functional.softplus(x), reduction="none")),
         {"targets": BITS}, lr=3e-5),
]
