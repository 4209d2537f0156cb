# ===- gated_networks.py - networks wide enough for channel gating ---------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Random networks (random_networks.py) whose convolutions have channels in multiples
# of 16, which a policy with two chunks gates.
#
# ===-----------------------------------------------------------------------===#
from .random_networks import Network, array

POLICY = "mechanisms: [channel-gating]\nchannel-gating: {{groups: 2, threshold: {threshold}}}\n"


class GatedNetwork(Network):
    def __init__(self, seed):
        super().__init__(seed)
        self.batch = self.random.randint(1, 2)
        self.image.shape = (self.batch, self.random.choice((1, 3, 8)), *(self.random.randint(3, 5) for _ in range(2)))
        self.left = 3

    def wide(self):
        n, ci, *size = self.current.shape
        co = self.random.choice((16, 16, 32))
        kernel = [self.random.choice((1, 3)) for _ in size]
        stride = self.random.choice((1, 1, 2))
        pads = [k // 2 for k in kernel] * 2
        out = [(e + 2 * pads[d] - kernel[d]) // stride + 1 for d, e in enumerate(size)]
        fan_in = ci * kernel[0] * kernel[1]
        x = self.current
        operands = [x, self.parameter((co, ci, *kernel), fan_in)]
        if self.chance(0.6):
            operands.append(self.parameter((co,), 4 * fan_in))
        self.op("conv", operands, [(n, co, *out)], strides=array([stride] * 2), pads=array(pads), dilations=array([1, 1]),
                group="1 : i64")
        return True

    # `module` begins with a convolution and draws the rest: most of it more of them.

    def conv(self):
        if self.left == 0:
            return False
        self.left -= 1
        self.wide()
        if self.chance(0.5):
            self.normalization()
        if self.chance(0.7):
            self.op("relu", [self.current], [self.current.shape])
        if self.left == 2:  # the first is never gated
            return self.conv()
        return True

    residual = transposed = attention = move = binary = conv


def draw_policy(seed):
    """The text of a policy: all closed, all open, or something between."""
    return POLICY.format(threshold=(0, -1000, 0.125, 1000)[seed % 4])
