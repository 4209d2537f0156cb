//===- MachInstrUpdate.td - optimizers --------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// FP32 inside; the definitions are those of docs/numerics.md section 9. Tiles that are read and written lie in place;
// their coordinates are those of the first.
//
//===----------------------------------------------------------------------------------------===//


/// The i-th number of an update, from bit 40, and of an update with more tiles, from bit 56.
class UpdateNumber<string n, int i, string d> : Field<n, HyperReg, !add(43, !mul(4, i)), !add(40, !mul(4, i)), d>;
class UpdateHost<string n, int r, int i, string d> : HostNumber<n, r, !add(43, !mul(4, i)), !add(40, !mul(4, i)), d>;
class LateNumber<string n, int i, string d> : Field<n, HyperReg, !add(59, !mul(4, i)), !add(56, !mul(4, i)), d>;
class LateHost<string n, int r, int i, string d> : HostNumber<n, r, !add(59, !mul(4, i)), !add(56, !mul(4, i)), d>;

/// An update in place of the first tiles by the gradient.
class Update<string m, bits<8> op, list<Field> tiles, list<Field> numbers> : Instruction<m, op, VectorFields<
    !listconcat(tiles, [Field<"mode", Enum<OptionalEnum>, 38, 38, "whether factor is read; below 0 it leaves all states as they are">],
                numbers)>.fields,
    !listconcat(!if(!lt(!size(tiles), 6), [Reserved<37, !add(8, !mul(5, !size(tiles)))>], []<Reserved>),
                [Reserved<39, 39>, Reserved<123, !add(40, !mul(4, !size(numbers)))>])> {
  let engine = "vector"; let timingClass = "vector";
}

class SgdUpdate<string m, bits<8> op, list<Field> last = [D3<"factor", Reads<"f32", "0", "mode=present">, "multiplies the gradient">]> : Update<m, op, !listconcat([
    D0<"w", Updates<"real">, "weights">, D1<"v", Updates<"real", "w">, "velocity">, D2<"dw", Reads<"real", "w">, "gradient">], last), [
    UpdateHost<"lr", 0, 0, "learning rate">, UpdateHost<"momentum", 1, 1, "momentum">, UpdateHost<"decay", 2, 2, "weight decay">,
    UpdateHost<"dampening", 3, 3, "dampening">, UpdateNumber<"unscale", 4, "1 / (loss scale * micro-batches)">,
    UpdateNumber<"lrScale", 5, "multiplies the learning rate">, UpdateNumber<"decayScale", 6, "multiplies the weight decay">]>;

def V_SGD : SgdUpdate<"v.sgd", 0x4f> {
  let summary = "Stochastic gradient descent with momentum and weight decay.";
  let description = "g = fma(decay, w, dw * unscale * factor); v = round(fma(momentum, v, (1 - dampening) * g)); w = round(fma(-lr, v, w)), elementwise.";
}
def V_SGD_NESTEROV : SgdUpdate<"v.sgd.nesterov", 0xa0> {
  let summary = "Stochastic gradient descent with Nesterov's momentum and weight decay.";
  let description = "g and v as in `v.sgd`; w = round(fma(-lr, fma(momentum, v, g), w)), elementwise.";
}
class AdagradUpdate<string m, bits<8> op, list<Field> last = [D3<"factor", Reads<"f32", "0", "mode=present">, "multiplies the gradient">]> : Update<m, op, !listconcat([
    D0<"w", Updates<"real">, "weights">, D1<"h", Updates<"real", "w">, "sum of squares">, D2<"dw", Reads<"real", "w">, "gradient">], last), [
    UpdateHost<"lr", 0, 0, "learning rate">, UpdateHost<"decay", 2, 1, "weight decay">, UpdateHost<"epsilon", 5, 2, "epsilon">,
    UpdateNumber<"unscale", 3, "1 / (loss scale * micro-batches)">,
    UpdateNumber<"lrScale", 4, "multiplies the learning rate">, UpdateNumber<"decayScale", 5, "multiplies the weight decay">]>;
def V_ADAGRAD : AdagradUpdate<"v.adagrad", 0xa1> {
  let summary = "Adagrad.";
  let description = "g as in `v.sgd`; h = round(fma(g, g, h)); w = round(fma(-lr, g / (sqrt(h) + epsilon), w)), elementwise.";
}

class AdamUpdate<string m, bits<8> op, list<Field> last = [D4<"factor", Reads<"f32", "0", "mode=present">, "multiplies the gradient">]> : Update<m, op, !listconcat([
    D0<"w", Updates<"real">, "weights">, D1<"m", Updates<"real", "w">, "mean of gradients">,
    D2<"v", Updates<"real", "w">, "mean of squares">, D3<"dw", Reads<"real", "w">, "gradient">], last), [
    UpdateHost<"lr", 0, 0, "learning rate">, UpdateHost<"beta1", 1, 1, "beta1">, UpdateHost<"decay", 2, 2, "weight decay">,
    UpdateHost<"beta2", 4, 3, "beta2">, UpdateHost<"epsilon", 5, 4, "epsilon">,
    UpdateHost<"correction1", 6, 5, "1 / (1 - beta1^t)">, UpdateHost<"correction2", 7, 6, "1 / (1 - beta2^t)">,
    UpdateNumber<"unscale", 7, "1 / (loss scale * micro-batches)">,
    UpdateNumber<"lrScale", 8, "multiplies the learning rate">, UpdateNumber<"decayScale", 9, "multiplies the weight decay">]>;

def V_ADAM : AdamUpdate<"v.adam", 0xa2> {
  let summary = "Adam; the weight decay is part of the gradient.";
  let description = [{
    g as in `v.sgd`; m = round(fma(beta1, m, (1 - beta1) * g)); v = round(fma(beta2, v, ((1 - beta2) * g) * g));
    w = round(fma(-lr, (m * correction1) / (sqrt(v * correction2) + epsilon), w)), elementwise.
  }];
}
def V_ADAMW : AdamUpdate<"v.adamw", 0xa3> {
  let summary = "Adam with decoupled weight decay.";
  let description = "As `v.adam` with g = dw * unscale * factor, and w = fma(-(lr * decay), w, w) before the step.";
}
def V_ADAMW_LAST : AdamUpdate<"v.adamw.last", 0xa7> {
  let summary = "Adam with decoupled weight decay behind the step.";
  let description = [{
    g, m and v as in `v.adamw`; rate = (lr * correction1) / sqrt(correction2); s = fma(-rate, m / (sqrt(v) + epsilon), w);
    w = round(fma(-(lr * decay), s, s)), elementwise.
  }];
}

def V_DRAIN : Instruction<"v.drain", 0xa4, VectorFields<[
    D0<"acc", Updates<"real">, "accumulated gradient, set to +0">, D1<"dst", Writes<"real", "acc">, "sum">, D2<"dw", Reads<"real", "acc">, "gradient">]>.fields, [Reserved<123, 23>]> {
  let summary = "Take an accumulated gradient, and begin again.";
  let description = "dst = round(acc + dw); acc = +0, elementwise.";
  let engine = "vector"; let timingClass = "vector";
}
def V_SQUARE_SUM : Instruction<"v.square.sum", 0xa5, VectorFields<[
    D0<"dst", Updates<"f32", "0">, "sum">, D1<"src", Reads<"real", "1">, "gradient (n)">, D2<"bias", Reads<"f32", "0", "mode=bias">, "first value">, VMode,
    UpdateNumber<"unscale", 0, "1 / (loss scale * micro-batches)">], [VFirst]>.fields,
    [Reserved<35, 23>, Reserved<39, 38>, Reserved<117, 44>]> {
  let summary = "Sum of the squares of a gradient.";
  let description = [{
    For each block of 1024 elements, ascending: dst = dst + row_sum of (src * unscale) squared. The tile begins at a multiple of
    1024 and holds whole blocks or the end. At the tile that begins at 0 the sum starts at +0, or in mode bias at bias.
  }];
  let engine = "vector"; let timingClass = "vector_reduce";
}
def V_CLIP_FACTOR : Instruction<"v.clip.factor", 0xa6, VectorFields<[
    D0<"dst", Writes<"f32", "0">, "factor">, D1<"src", Reads<"f32", "0">, "sum of squares">, D2<"unscale", Reads<"f32", "0", "mode=present">, "what multiplies all gradients">,
    Field<"mode", Enum<OptionalEnum>, 23, 23, "whether unscale is read">, UpdateHost<"clip", 9, 0, "greatest norm">]>.fields,
    [Reserved<39, 24>, Reserved<123, 44>]> {
  let summary = "What clips gradients to a norm.";
  let description = "q = clip / (sqrt(src) + 1e-6); dst = q < 1 ? q : 1. With unscale: -1 if it is below 0, else q = clip / (sqrt(src) * unscale + 1e-6); dst = (q < 1 ? q : 1) * unscale.";
  let engine = "vector"; let timingClass = "vector";
}

def V_CLEAR_SATURATIONS : Instruction<"v.clear.saturations", 0xac, VectorFields<[]>.fields, [Reserved<123, 8>]> {
  let summary = "Begin to count saturations.";
  let description = "Sets the counter of saturations to 0 when it is issued: order it behind earlier work with `fence`. Every rounding of every engine that saturates or meets a NaN adds 1 to the counter, roundings of accumulators included.";
  let engine = "vector"; let timingClass = "vector";
}
def V_SATURATIONS : Instruction<"v.saturations", 0xad, VectorFields<[D0<"dst", Writes<"f32", "1">, "count (1)">]>.fields, [Reserved<123, 13>]> {
  let summary = "Count saturations.";
  let description = "dst = the counter of saturations as it is when the instruction is issued, rounded to nearest even. Order it behind the work that it counts with `fence`. A run begins with 0.";
  let engine = "vector"; let timingClass = "vector";
}
def V_LOSS_SCALE : Instruction<"v.loss.scale", 0xae, VectorFields<[
    D0<"state", Updates<"f32", "1">, "scale, good steps, skipped steps, held (4)">, D1<"dst", Writes<"f32", "0">, "factor">,
    D2<"count", Reads<"f32", "1">, "saturations (1)">, UpdateNumber<"growth", 0, "multiplies the scale after enough good steps">,
    UpdateNumber<"backoff", 1, "multiplies the scale after a saturation">, UpdateNumber<"interval", 2, "good steps before it grows">,
    UpdateNumber<"least", 3, "least scale">, UpdateNumber<"most", 4, "greatest scale">]>.fields,
    [Reserved<39, 23>, Reserved<123, 60>]> {
  let summary = "Update the dynamic loss scale.";
  let description = "`loss_scale_update` of docs/numerics.md section 10: dst = count > 0 ? -1 : 1 / scale. Tiles are whole.";
  let engine = "vector"; let timingClass = "vector";
}

//===----------------------------------------------------------------------------------------===//
// Weight groups
//===----------------------------------------------------------------------------------------===//

/// A tile with an element for each group of 8 x 8 channels at one tap of the weights (co, ci, kh, kw).
class GroupTile<string n, int i, string d> : Operand<n, Reads<"f32", "4">, !add(12, !mul(5, i)), !add(8, !mul(5, i)), d # " (cob, cib, kh, kw)">;

def V_GROUP_SUMS : Instruction<"v.group.sums", 0xc0, VectorFields<[
    D0<"mean", Writes<"f32", "4">, "mean magnitude (cob, cib, kh, kw)">, D1<"norm", Writes<"f32", "4">, "norm (cob, cib, kh, kw)">,
    D2<"src", Reads<"real", "4">, "weights (co, ci, kh, kw)">]>.fields, [Reserved<123, 23>]> {
  let summary = "Mean magnitude and norm of weight groups.";
  let description = [{
    Of each group of the tile of mean: a, b = +0; for its output channels ascending a = a + tree8(|src|), b = b + tree8(src * src), over its
    input channels; mean = a / (elements of the group), norm = sqrt(b). Extents of mean and norm in channels are those of src over 8, rounded up.
  }];
  let engine = "vector"; let timingClass = "vector_reduce"; let requires = ["weight-groups"];
}
def V_GROUP_PULL : Instruction<"v.group.pull", 0xc1, VectorFields<[
    D0<"dst", Writes<"f32", "4">, "pull (cob, cib, kh, kw)">, D1<"groups", Reads<"real", "4">, "mask, 0: closed (cob, cib, kh, kw)">,
    GroupTile<"mean", 2, "mean magnitude">, GroupTile<"norm", 3, "norm">, D4<"numbers", Reads<"f32", "1">, "lasso, threshold, steps (3)">]>.fields, [Reserved<123, 33>]> {
  let summary = "What group Lasso adds to an update.";
  let description = "dst = groups = 0 ? -1 : mean < threshold and norm > 0 ? lasso / norm : +0, elementwise.";
  let engine = "vector"; let timingClass = "vector"; let requires = ["weight-groups"];
}
def V_GROUP_MASK : Instruction<"v.group.mask", 0xc2, VectorFields<[
    D0<"dst", Writes<"real", "4">, "mask (cob, cib, kh, kw)">, GroupTile<"mean", 1, "mean magnitude">, D2<"numbers", Reads<"f32", "1">, "lasso, threshold, steps (3)">]>.fields, [Reserved<123, 23>]> {
  let summary = "Which weight groups are closed.";
  let description = "dst = mean < threshold ? 0 : 1, elementwise.";
  let engine = "vector"; let timingClass = "vector"; let requires = ["weight-groups"];
}

/// The last tiles of an update with weight groups; its others are `i`.
class GroupedTiles<int i> {
  list<Field> fields = [
    GroupTile<"pull", i, "added to the weight decay of each group; below 0 its weights and states stay as they are">,
    Operand<"factor", Reads<"f32", "0", "mode=present">, !add(17, !mul(5, i)), !add(13, !mul(5, i)), "multiplies the gradient">];
}
class GroupedText<string like> { string value = "As `" # like # "` with g = fma(pull, w, dw * unscale * factor) in the place of dw * unscale * factor; where pull is below 0, all states stay as they are."; }

def V_SGD_GROUPS : SgdUpdate<"v.sgd.groups", 0xc3, GroupedTiles<3>.fields> {
  let summary = "Stochastic gradient descent of weight groups."; let description = GroupedText<"v.sgd">.value; let requires = ["weight-groups"];
}
def V_SGD_NESTEROV_GROUPS : SgdUpdate<"v.sgd.nesterov.groups", 0xc4, GroupedTiles<3>.fields> {
  let summary = "Gradient descent with Nesterov's momentum of weight groups."; let description = GroupedText<"v.sgd.nesterov">.value; let requires = ["weight-groups"];
}
def V_ADAGRAD_GROUPS : AdagradUpdate<"v.adagrad.groups", 0xc5, GroupedTiles<3>.fields> {
  let summary = "Adagrad of weight groups."; let description = GroupedText<"v.adagrad">.value; let requires = ["weight-groups"];
}
def V_ADAM_GROUPS : AdamUpdate<"v.adam.groups", 0xc6, GroupedTiles<4>.fields> {
  let summary = "Adam of weight groups."; let description = GroupedText<"v.adam">.value; let requires = ["weight-groups"];
}
def V_ADAMW_GROUPS : AdamUpdate<"v.adamw.groups", 0xc7, GroupedTiles<4>.fields> {
  let summary = "Adam with decoupled weight decay of weight groups."; let description = GroupedText<"v.adamw">.value; let requires = ["weight-groups"];
}
def V_ADAMW_LAST_GROUPS : AdamUpdate<"v.adamw.last.groups", 0xc8, GroupedTiles<4>.fields> {
  let summary = "Adam with weight decay behind the step, of weight groups."; let description = GroupedText<"v.adamw.last">.value; let requires = ["weight-groups"];
}

/// The optimizers of ai.onnx.preview.training: rate and step number are tiles.
class Preview<string m, bits<8> op, list<Field> tiles, list<Field> numbers> : Instruction<m, op, VectorFields<
    !listconcat(tiles, [Field<"mode", Enum<OptionalEnum>, 53, 53, "whether t is read; otherwise the step number is run - 1">],
                numbers)>.fields,
    !listconcat(!if(!lt(!size(tiles), 9), [Reserved<52, !add(8, !mul(5, !size(tiles)))>], []<Reserved>),
                [Reserved<55, 54>, Reserved<123, !add(56, !mul(4, !size(numbers)))>])> {
  let engine = "vector"; let timingClass = "vector";
}

def V_PREVIEW_ADAGRAD : Preview<"v.preview.adagrad", 0xa8, [
    D0<"dst", Writes<"real">, "new x">, D1<"dsth", Writes<"real", "dst">, "new h">, D2<"x", Reads<"real", "dst">, "operand">, D3<"h", Reads<"real", "dst">, "sum of squares">, D4<"dx", Reads<"real", "dst">, "gradient">,
    D5<"r", Reads<"f32", "0">, "rate">, D6<"t", Reads<"i32", "0", "mode=present">, "step number">], [
    LateHost<"run", 8, 0, "number of the run">, LateNumber<"norm", 1, "norm_coefficient">, LateNumber<"rateDecay", 2, "decay_factor">,
    LateNumber<"small", 3, "epsilon">]> {
  let summary = "Adagrad of ai.onnx.preview.training.";
  let description = "See docs/numerics.md section 9, elementwise.";
}

class PreviewMomentum<string m, bits<8> op> : Preview<m, op, [
    D0<"dst", Writes<"real">, "new x">, D1<"dstv", Writes<"real", "dst">, "new v">, D2<"x", Reads<"real", "dst">, "operand">, D3<"v", Reads<"real", "dst">, "velocity">, D4<"dx", Reads<"real", "dst">, "gradient">,
    D5<"r", Reads<"f32", "0">, "rate">, D6<"t", Reads<"i32", "0", "mode=present">, "step number">], [
    LateHost<"run", 8, 0, "number of the run">, LateNumber<"norm", 1, "norm_coefficient">, LateNumber<"alpha", 2, "alpha">,
    LateNumber<"beta", 3, "beta">]>;
def V_PREVIEW_MOMENTUM : PreviewMomentum<"v.preview.momentum", 0xa9> {
  let summary = "Momentum of ai.onnx.preview.training, mode standard.";
  let description = "See docs/numerics.md section 9, elementwise.";
}
def V_PREVIEW_NESTEROV : PreviewMomentum<"v.preview.nesterov", 0xaa> {
  let summary = "Momentum of ai.onnx.preview.training, mode nesterov.";
  let description = "See docs/numerics.md section 9, elementwise.";
}
def V_PREVIEW_ADAM : Preview<"v.preview.adam", 0xab, [
    D0<"dst", Writes<"real">, "new x">, D1<"dstv", Writes<"real", "dst">, "new v">, D2<"dsth", Writes<"real", "dst">, "new h">, D3<"x", Reads<"real", "dst">, "operand">, D4<"v", Reads<"real", "dst">, "mean of gradients">,
    D5<"h", Reads<"real", "dst">, "mean of squares">, D6<"dx", Reads<"real", "dst">, "gradient">, D7<"r", Reads<"f32", "0">, "rate">, D8<"t", Reads<"i32", "0", "mode=present">, "step number">], [
    LateHost<"run", 8, 0, "number of the run">, LateNumber<"norm", 1, "norm_coefficient">, LateNumber<"alpha", 2, "alpha">,
    LateNumber<"beta", 3, "beta">, LateNumber<"small", 4, "epsilon">, LateNumber<"post", 5, "norm_coefficient_post">]> {
  let summary = "Adam of ai.onnx.preview.training.";
  let description = "See docs/numerics.md section 9, elementwise.";
}
