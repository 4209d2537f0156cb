# ===- windows.py - pooling ------------------------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 5.
#
# ===-----------------------------------------------------------------------===#
from ..numbers import add, div
from .basic import passed_on
from .registry import define


class Pool:
    """The windows of a pool: x (N, C, H, W), y (N, C, OH, OW)."""

    def __init__(self, call, x_shape, y_shape):
        self.rows, self.columns = x_shape[2:]
        self.out_rows, self.out_columns = y_shape[2:]
        self.planes = x_shape[0] * x_shape[1]
        self.kernel, self.strides = call["kernel"], call["strides"]
        self.pads, self.dilations = call["pads"], call["dilations"]
        self.counts_padding = call.has("count_include_pad")

    def taps(self, oy, ox):
        """(kh * KW + kw, iy, ix) of a window in row-major order, padding and what lies beyond included."""
        for kh in range(self.kernel[0]):
            iy = oy * self.strides[0] - self.pads[0] + kh * self.dilations[0]
            for kw in range(self.kernel[1]):
                ix = ox * self.strides[1] - self.pads[1] + kw * self.dilations[1]
                yield kh * self.kernel[1] + kw, iy, ix

    def present(self, oy, ox):
        """(kh * KW + kw, place in the plane) of the elements of a window that exist."""
        return [(k, iy * self.columns + ix) for k, iy, ix in self.taps(oy, ox)
                if 0 <= iy < self.rows and 0 <= ix < self.columns]

    def place(self, oy, ox, k):
        """Where in the plane the element k of a window lies."""
        kh, kw = divmod(k, self.kernel[1])
        iy = oy * self.strides[0] - self.pads[0] + kh * self.dilations[0]
        ix = ox * self.strides[1] - self.pads[1] + kw * self.dilations[1]
        return iy * self.columns + ix

    def count(self, oy, ox):
        """The number that an average divides by."""
        if not self.counts_padding:
            return float(len(self.present(oy, ox)))
        top, left, bottom, right = self.pads
        return float(sum(-top <= iy < self.rows + bottom and -left <= ix < self.columns + right
                         for _, iy, ix in self.taps(oy, ox)))

    def windows(self):
        """(place in the plane of y, oy, ox), row-major."""
        return [(oy * self.out_columns + ox, oy, ox)
                for oy in range(self.out_rows) for ox in range(self.out_columns)]


@define("max_pool", rounds_itself=True)
def max_pool(call):
    (x,) = call.inputs
    pool = Pool(call, x.shape, call.types[0].shape)
    windows = [pool.present(oy, ox) for _, oy, ox in pool.windows()]
    values, indices = [], []
    for p in range(pool.planes):
        plane = x.data[p * pool.rows * pool.columns:(p + 1) * pool.rows * pool.columns]
        for window in windows:
            best, index = plane[window[0][1]], window[0][0]
            for k, place in window[1:]:
                if plane[place] > best:
                    best, index = plane[place], k
            values.append(best)
            indices.append(index)
    return [passed_on(call, values), indices]


def unsigned(index):
    """An index of 8 bits is read as unsigned."""
    return index & 0xFF if index < 0 else index


@define("max_pool_take", rounds_itself=True)
def max_pool_take(call):
    x, index = call.inputs
    pool = Pool(call, x.shape, call.types[0].shape)
    size = pool.rows * pool.columns
    windows = pool.windows()
    return [passed_on(call, [x.data[p * size + pool.place(oy, ox, unsigned(index.data[p * len(windows) + o]))]
                             for p in range(pool.planes) for o, oy, ox in windows])]


@define("max_pool_grad")
def max_pool_grad(call):
    dy, index = call.inputs
    pool = Pool(call, call.types[0].shape, dy.shape)
    size = pool.rows * pool.columns
    windows = pool.windows()
    dx = [0.0] * (pool.planes * size)
    for p in range(pool.planes):
        for o, oy, ox in windows:
            at = p * len(windows) + o
            place = p * size + pool.place(oy, ox, unsigned(index.data[at]))
            dx[place] = add(dx[place], dy.data[at])
    return [dx]


@define("avg_pool")
def avg_pool(call):
    (x,) = call.inputs
    pool = Pool(call, x.shape, call.types[0].shape)
    size = pool.rows * pool.columns
    windows = [([place for _, place in pool.present(oy, ox)], pool.count(oy, ox)) for _, oy, ox in pool.windows()]
    y = []
    for p in range(pool.planes):
        for places, count in windows:
            total = 0.0
            for place in places:
                total = add(total, x.data[p * size + place])
            y.append(div(total, count))
    return [y]


@define("avg_pool_grad")
def avg_pool_grad(call):
    (dy,) = call.inputs
    pool = Pool(call, call.types[0].shape, dy.shape)
    size = pool.rows * pool.columns
    windows = [([place for _, place in pool.present(oy, ox)], pool.count(oy, ox)) for _, oy, ox in pool.windows()]
    dx = [0.0] * (pool.planes * size)
    for p in range(pool.planes):
        for o, (places, count) in enumerate(windows):
            share = div(dy.data[p * len(windows) + o], count)
            for place in places:
                dx[p * size + place] = add(dx[p * size + place], share)
    return [dx]
