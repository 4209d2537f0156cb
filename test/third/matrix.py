# ===- matrix.py - what is compared by default -----------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Lists of cases: every model that test/data/losses.json trains, in each policy of each
# chip; a few of them with everything that a training can be told; graphs that bring
# their own steps.
#
# ===-----------------------------------------------------------------------===#
import fnmatch
import json
import pathlib

from .compare import Case
from .data import integers_of_npy
from .gated_networks import GatedNetwork, draw_policy
from .random_networks import Network, draw_training
from .single_ops import CHIPS as CHIPS_OF_OPS
from .single_ops import draw_mixture, draw_module

TEST = pathlib.Path(__file__).resolve().parents[1]
MODELS = TEST / "models"
CHIPS = TEST / "e2e" / "Inputs" / "chips"

# Minutes for one, and four that differ from another in their initial values.
LEFT_OUT = ("ops/mid-conv.onnx", "digits-cnn-seed*")

BASES = (("lnpu", "fp8"), ("lnpu", "fp16"), ("lnpu", "fgmp"), ("asu-fp8", "fp8"))

POLICIES = {
    "split": "base: fp8x2\n",
    "ends": "base: fp8\nfirst: fp8x2\nlast: fp8x2\n",
    "between": "base: fp8\nbetween: fp32\n",
    "bias": "base: fp8\nactivations: fp8-2\nerrors: fp8+6\nweights: fp8+3\nloss_scale: 1\n"
            "update_rounding: stochastic\n",
    "coded16": "base: fp16\ncoded: true\n",
    "coded8": "base: fp8\ncoded: true\nbetween: operands\n",
    "narrow": "base: fp8\nmaster: fp8\noptimizer: fp16\nloss: fp8\narithmetic: fp8\nstatistics: fp16\nloss_scale: 256\n",
    "share": "base: fgmp\nfirst: base\nlast: base\nshare: 0.4\nbetween: operands\n",
    "tiny": "base: fp8\nactivations: fp8+70\nerrors: fp8+64\nweights: fp8+70\nloss_scale: 1\nupdate_rounding: half_away\n",
    "wide-weights": "base: fgmp\nweights: fp16\nupdate_rounding: toward_zero\n",
}

# Numerics that no shipped chip has.
NUMERICS = {
    "across": "across: {value: fp16, from: assumed}",
    "across-f32": "across: {value: f32, from: assumed}",
    "one-chain": "accumulate: {value: fp16, from: assumed}\n  across: {value: none, from: assumed}",
    "chain": "accumulate: {value: fp16, from: assumed}",
    "away": "rounding: {value: half_away, from: assumed}\n  accumulate: {value: fp16, from: assumed}",
    "flush": "fp8: {exp: 5, man: 2, bias: 15, specials: none, subnormals: flush, flush_below: 0.000125, from: assumed}",
    "flush-all": "fp16: {exp: 5, man: 10, bias: 15, specials: reserved, subnormals: flush, from: assumed}\n"
                 "  accumulate: {value: fp16, from: assumed}\n  across: {value: fp16, from: assumed}",
    "e4m3": "fp8: {format: e4m3, from: assumed}\n  dot: {value: 16, unit: terms, from: assumed}",
    "ieee": "fp8: {format: ocp.e5m2, from: assumed}\n  fp16: {format: ieee.fp16, from: assumed}",
    "bf16": "fp8: {format: ocp.e4m3, from: assumed}\n  fp16: {format: bf16, from: assumed}",
    "wide-range": "fp16: {exp: 8, man: 7, bias: 127, specials: reserved, subnormals: gradual, from: assumed}\n"
                  "  rounding: {value: stochastic, from: assumed}",
}

SMALL = ("ops/gemm.onnx", "ops/conv-group2.onnx", "ops/norm-batch-13.onnx", "ops/max-pool.onnx", "ops/embedding.onnx",
         "ops/residual-downsample.onnx", "ops/conv-transpose.onnx", "ops/dropout.onnx")


def trainings():
    """(name of the model, flags, values of each input of integers) of test/data/losses.json."""
    for key, entry in json.loads((TEST / "data" / "losses.json").read_text()).items():
        name = key.split()[0]
        if not any(fnmatch.fnmatch(name, pattern) for pattern in LEFT_OUT):
            below = {n: s["below"] for n, s in entry["inputs"].items() if "below" in s}
            smaller = ("--batch=4",) if name.startswith("digits-cnn") else ()
            yield name, (*entry["flags"], *smaller), below


def case(name, flags, below, what, *more, **options):
    return Case(f"{name} {' '.join(flags)} {what}".replace("  ", " "), MODELS / name, (*flags, *more), below=below,
                **options)


def policies():
    for name, flags, below in trainings():
        for target, precision in BASES:
            yield case(name, flags, below, f"{target} {precision}", f"--target={target}", f"--precision={precision}",
                       steps=1 if name.startswith("networks/") else 2, test_samples=3)


def options():
    """(what, flags, further fields of Case)"""
    sgd = {"lr": 0.05, "momentum": 0.9}
    means = {"lr": 0.01, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-6, "weight-decay": 0.1}
    yield "nesterov", ["--nesterov"], {"numbers": {**sgd, "weight-decay": 0.01}}
    yield "dampening", [], {"numbers": {**sgd, "dampening": 0.3, "weight-decay": 0.1}, "steps": 3}
    yield "no momentum", [], {"numbers": {"lr": 0.1, "momentum": 0.0, "dampening": 0.5}, "steps": 3}
    yield "adagrad", ["--optimizer=adagrad"], {"numbers": {"lr": 0.02, "weight-decay": 0.05, "epsilon": 1e-6}, "steps": 3}
    yield "adam", ["--optimizer=adam"], {"numbers": means, "steps": 4}
    yield "adamw", ["--optimizer=adamw"], {"numbers": means, "steps": 4}
    yield "loss scale 1", ["--loss-scale=1"], {}
    yield "grows", ["--loss-scale=dynamic:1024:2"], {"steps": 5}
    yield "held", ["--loss-scale=dynamic:1099511627776:2"], {"steps": 4}
    yield "held adam clipped", ["--loss-scale=dynamic:1099511627776:2", "--optimizer=adam", "--clip-norm"], {
        "numbers": {**means, "clip-norm": 0.5}, "steps": 4}
    yield "dampening held", ["--loss-scale=dynamic:1099511627776:2"], {"numbers": {**sgd, "dampening": 0.5}, "steps": 4}
    yield "clipped", ["--clip-norm"], {"numbers": {**sgd, "clip-norm": 0.25}}
    yield "masters fp8", ["--master-weights=fp8"], {}
    yield "masters fp32", ["--master-weights=fp32"], {"steps": 3}
    yield "micro-batches", ["--batch=4", "--micro-batch=2"], {"steps": 3, "test_samples": 5}
    yield "micro-batches dynamic", ["--batch=6", "--micro-batch=2", "--loss-scale=dynamic:1048576:2", "--clip-norm"], {
        "numbers": {**sgd, "clip-norm": 0.5}, "steps": 3}
    yield "groups", ["--lr-scale=*bias:0.5", "--no-decay=*bias"], {"numbers": {**sgd, "weight-decay": 0.1}}
    yield "frozen", ["--freeze=fc*weight"], {}
    yield "schedule", [], {"schedule": "cosine:5:0.001", "steps": 4}
    yield "shuffled", [], {"steps": 5, "epoch": 2, "spare": 1, "shuffled": 7, "test_samples": 5}
    yield "resumed micro-batches", ["--batch=4", "--micro-batch=2", "--loss-scale=dynamic:1099511627776:2"], {
        "steps": 5, "epoch": 2, "spare": 3, "shuffled": 5, "save_after": 3, "test_samples": 3}
    yield "resumed", [], {"steps": 5, "epoch": 3, "spare": 1, "shuffled": 3, "save_after": 2, "test_samples": 1}


def skipped():
    """Images whose gradient is skipped: none, some, all. Cross entropies of drawn data lie about the logarithm of the classes."""
    sgd = {"lr": 0.05, "momentum": 0.9}
    for name, flags, below in trainings():
        if name not in (*SMALL, "ops/cnn.onnx", "ops/norm-group-21.onnx", "ops/norm-layer-image.onnx") or "mse" in " ".join(flags):
            continue
        for theta in (0.0, 1.0, 2.0, 3.0, 1e30):
            yield case(name, flags, below, f"asu-fp8 fp8 skips below {theta:g}", "--target=asu-fp8", "--precision=fp8",
                       "--batch=6", "--sparsity=gradient-skip", numbers={**sgd, "skip-below": theta}, steps=3, test_samples=3)
        for what, more in (("divided", ["--skip-divide=kept"]), ("adam", ["--optimizer=adam", "--clip-norm"]),
                           ("dynamic", ["--loss-scale=dynamic:1048576:1"]), ("micro-batches", ["--micro-batch=3"])):
            numbers = {"lr": 0.01, "skip-below": 2.0, **({"clip-norm": 0.5} if what == "adam" else {})}
            yield case(name, flags, below, f"asu-fp8 fp8 skips {what}", "--target=asu-fp8", "--precision=fp8", "--batch=6",
                       "--sparsity=gradient-skip", *more, numbers=numbers, steps=3)


def user_cases():
    """The models of test/cases that train, on drawn data; inputs of integers have the values that they have there."""
    for path in sorted((TEST / "cases").glob("*/expect.json")):
        expected = json.loads(path.read_text())
        if expected.get("expect") == "refusal":
            continue
        below = {}
        for file in (path.parent / "data").glob("*.npy"):
            if (values := integers_of_npy(file)) is not None:
                below[file.stem] = values
        flags = [*(expected.get("flags") or []), f"--batch={expected.get('batch') or 4}"]
        for target, precision in BASES:
            yield Case(f"cases/{path.parent.name} {target} {precision}", path.parent / "model.onnx",
                       (*flags, f"--target={target}", f"--precision={precision}"), steps=2, below=below, test_samples=3)


def write(work, folder, name, text):
    path = work / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def variations(work):
    """What a training can be told, on small models. Descriptions of chips and policies are written to `work`."""
    for name, flags, below in trainings():
        if name not in SMALL or "mse" in " ".join(flags):
            continue
        for target, precision in BASES:
            base = f"--target={target}", f"--precision={precision}"
            for what, more, fields in options():
                yield case(name, flags, below, f"{target} {precision} {what}", *base, *more, **fields)
        for target in ("lnpu", "asu-fp8"):
            for policy, text in POLICIES.items():
                if policy.startswith("coded") and target == "asu-fp8":
                    continue  # has no zero-skip
                if "base: fgmp" in text and target == "asu-fp8":
                    continue  # nor mixed formats
                path = write(work, "policies", f"{policy}.yaml", text)
                yield case(name, flags, below, f"{target} {policy}", f"--target={target}", f"--precision={path}")
            for what, text in NUMERICS.items():
                if what in ("ieee", "bf16") and target == "lnpu":
                    continue  # which skips zeros, and 0 times Inf is none
                chip = write(work, "chips", f"{what}-{target}.yaml",
                             f"base: {target}\nname: {what}\nnumerics:\n  {text}\n")
                for precision in ("fp8", "fp16", "fgmp") if target == "lnpu" else ("fp8",):
                    yield case(name, flags, below, f"{what} {target} {precision}", f"--target={chip}",
                               f"--precision={precision}", test_samples=3)
        path = write(work, "policies", "backward.yaml", "base: fp8\nerrors: backward\n")
        yield case(name, flags, below, "hfp8 backward", f"--target={CHIPS / 'hfp8.yaml'}", f"--precision={path}", steps=3)
        for chip in sorted(CHIPS.glob("*.yaml")):
            yield case(name, flags, below, f"{chip.stem} fp8 micro-batches", f"--target={chip}", "--precision=fp8",
                       "--batch=4", "--micro-batch=2", steps=3, test_samples=4)
            yield case(name, flags, below, f"{chip.stem} fp8", f"--target={chip}", "--precision=fp8", steps=3,
                       test_samples=3)


GROUPED = ("ops/residual-downsample.onnx", "ops/conv-transpose.onnx", "ops/norm-batch-13.onnx")


def weight_groups(work):
    """Weight groups of all layers, opened and closed while they train."""
    policy = write(work, "sparsity", "groups.yaml", 'mechanisms: [weight-groups]\nweight-groups: {layers: ["*"]}\n')
    numbers = {"lr": 0.05, "momentum": 0.9, "group-lasso": 0.05, "group-share": 0.5, "group-period": "3steps"}
    means = {**numbers, "lr": 0.01, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-6, "weight-decay": 0.1}
    del means["momentum"]
    squares = {**means, "clip-norm": 0.5}
    del squares["beta1"], squares["beta2"]
    trainings = (
        ("", [], {"numbers": {**numbers, "weight-decay": 0.01}}),
        ("all closed", [], {"numbers": {**numbers, "group-share": 1.0, "group-period": "2steps"}}),
        ("none closed", ["--nesterov"], {"numbers": {**numbers, "group-share": 0.0}}),
        ("adam", ["--optimizer=adam"], {"numbers": means}),
        ("adamw", ["--optimizer=adamw"], {"numbers": means}),
        ("adagrad clipped", ["--optimizer=adagrad", "--clip-norm"], {"numbers": squares}),
        ("micro-batches dynamic", ["--batch=4", "--micro-batch=2", "--loss-scale=dynamic:1099511627776:2"], {}),
        ("masters fp32 epochs", ["--master-weights=fp32"],
         {"numbers": {**numbers, "group-period": "1epochs"}, "epoch": 2, "spare": 1, "shuffled": 3}),
        ("resumed", [], {"save_after": 2}),
    )
    for name, flags, below in trainings_of(GROUPED):
        for what, more, fields in trainings:
            yield case(name, flags, below, f"asu-fp8 weight groups {what}", "--target=asu-fp8", "--precision=fp8",
                       f"--sparsity={policy}", *more,
                       **{"numbers": numbers, "steps": 5, "test_samples": 3, **fields})


def trainings_of(models):
    return ((name, flags, below) for name, flags, below in trainings()
            if name in models and "mse" not in " ".join(flags))


def forms():
    """Graphs that bring their own gradients, updates, or both (docs/forms.md)."""
    folder = MODELS / "forms"
    for path in sorted(folder.glob("*.onnx")):
        if path.name.startswith("optimizer_model"):
            continue
        trainings = [("", [])]
        if path.name.endswith(".forward.onnx"):
            trainings = [("", ["--loss=softmax-cross-entropy"])]
        elif path.name.endswith(".training_model.onnx"):
            forward = path.with_name(path.name.replace(".training_model.", ".forward."))
            if not forward.exists():
                forward = path.with_name(path.name.replace(".training_model.", ".loss."))
            trainings = [(f" {model.stem}", ["--batch=4", f"--params={forward}", f"--optimizer-model={model}"])
                         for model in sorted(folder.glob("optimizer_model-*.onnx"))]
            trainings.append((" drawn", ["--batch=4", "--init=kaiming,5", "--optimizer=sgd"]))
        for target, precision in BASES:
            for what, flags in trainings:
                yield Case(f"forms/{path.name} {target} {precision}{what}", path,
                           (*flags, f"--target={target}", f"--precision={precision}"), numbers={}, steps=3)


def singles(work, seeds):
    """Single ops, on the numbers that roundings are about."""
    for seed in seeds:
        for chip in CHIPS_OF_OPS:
            text, below = draw_module(seed, chip)
            path = write(work, "ops", f"{chip}-{seed}.mlir", text)
            yield Case(f"single ops {seed} {chip}", path, (), numbers={}, below=below, seed=seed, draw=draw_mixture)


def networks(work, seeds):
    """Random networks with random trainings."""
    for seed in seeds:
        path = write(work, "networks", f"{seed}.mlir", Network(seed).module())
        flags, numbers = draw_training(seed)
        for target, precision in BASES:
            yield Case(f"random network {seed} {target} {precision} {' '.join(flags)}", path,
                       (*flags, f"--target={target}", f"--precision={precision}"), numbers=numbers, steps=3, seed=seed,
                       test_samples=3)


def gated(work, seeds):
    """Channel gating: wider networks, gates closed, open and mixed."""
    for seed in seeds:
        path = write(work, "networks", f"gated-{seed}.mlir", GatedNetwork(seed).module())
        policy = write(work, "policies", f"gated-{seed}.yaml", draw_policy(seed))
        flags, numbers = draw_training(seed)
        yield Case(f"gated network {seed} {' '.join(flags)}", path,
                   (*flags, "--target=asu-fp8", "--precision=fp8", f"--sparsity={policy}"),
                   numbers={**numbers, "gating-lambda": 0.25 * (seed % 3), "gating-target": 0.5}, steps=3, seed=seed,
                   test_samples=3)


def everything(work, seed):
    """All runs. seed: of single ops and random networks, of which there are 40 each."""
    yield from policies()
    yield from variations(work)
    yield from weight_groups(work)
    yield from forms()
    yield from skipped()
    yield from user_cases()
    yield from singles(work, range(seed, seed + 40))
    yield from networks(work, range(seed, seed + 40))
    yield from gated(work, range(seed, seed + 12))


def quick(work, seed):
    """A few seconds: each policy, both chips, each rounding, most ops."""
    chosen = {"ops/max-pool.onnx", "ops/norm-batch-13.onnx"}
    yield from (c for c in policies() if str(c.model.relative_to(MODELS)) in chosen)
    wanted = ("held adam clipped", "micro-batches dynamic", "stochastic fp8", "each-term fp8", "lnpu bias", "resumed")
    yield from (c for c in variations(work) if c.model.name == "gemm.onnx" and c.name.endswith(wanted))
    yield from (c for c in skipped() if c.model.name == "norm-batch-13.onnx" and c.name.endswith(("below 2", "skips divided")))
    yield from (c for c in weight_groups(work)
                if c.model.name == "residual-downsample.onnx" and c.name.endswith(("groups ", "micro-batches dynamic", "resumed")))
    yield from singles(work, range(seed, seed + 3))
    yield from networks(work, range(seed, seed + 1))
    yield from gated(work, range(seed, seed + 1))
