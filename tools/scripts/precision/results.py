# ===- results.py - curves, tables and pictures of measure-precision -------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# `curves` is {configuration: {seed: [(loss, accuracy) of each epoch]}} of one
# network; accuracies are 0 to 1. Needs nothing but Python; draw() needs
# python3-matplotlib.
#
# ===-----------------------------------------------------------------------===#
import math

from experiment import FP32

# Student's t, two-sided 95 %, for 1 to 30 degrees of freedom.
T_95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042)


def summary(values):
    """Mean and half-width of its 95 % interval; the latter is None for a single value. Over 31
    values are taken as 31, which makes the interval a little wide."""
    n = len(values)
    mean = sum(values) / n
    if n < 2:
        return mean, None
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    return mean, T_95[min(n - 2, len(T_95) - 1)] * deviation / math.sqrt(n)


def spell(mean, half, sign=False):
    text = f"{mean:+.2f}" if sign else f"{mean:.2f}"
    return text if half is None else f"{text} ± {half:.2f}"


def mark(configuration, key, network):
    """A mark of a configuration: one number for every network, or one for each that has it."""
    value = configuration.get(key)
    return value.get(network) if isinstance(value, dict) else value


def rows(network, curves):
    """The curves as CSV."""
    lines = ["network,configuration,seed,epoch,train_loss,test_accuracy"]
    for configuration, by_seed in curves.items():
        for seed in sorted(by_seed):
            for epoch, (loss, accuracy) in enumerate(by_seed[seed], start=1):
                shown = "" if loss is None else f"{loss:.6f}"
                lines.append(f"{network},{configuration},{seed},{epoch},{shown},{accuracy:.6f}")
    return "\n".join(lines) + "\n"


def final(by_seed, seeds):
    """Accuracy after the last epoch of these seeds, in percent."""
    return [100 * by_seed[seed][-1][1] for seed in seeds]


def table(name, network, configurations, curves):
    """(Markdown, marks that are missed). Differences are paired: of the same seed, over the seeds
    that both have."""
    lines = [f"| {name} | seeds | test accuracy of each, % | mean, 95 % interval | difference from FP32, paired,"
             " 95 % interval | mark |", "|---|---|---|---|---|---|"]
    missed = []
    reference = curves.get(FP32, {})
    for configuration, by_seed in curves.items():
        if not by_seed:
            continue
        values = final(by_seed, sorted(by_seed))
        mean, half = summary(values)
        cells = [configuration, str(len(values)), " ".join(f"{v:.2f}" for v in values), spell(mean, half)]
        if configuration == FP32:
            low, high = network["fp32_between"]
            cells += ["", f"{low} to {high}"]
            if not low <= mean <= high:
                missed.append(f"{name} fp32: mean {mean:.2f} %, expected {low} to {high}")
        else:
            both = sorted(set(by_seed) & set(reference))
            if not both:
                lines.append("| " + " | ".join(cells + ["", ""]) + " |")
                continue
            pairs = zip(final(by_seed, both), final(reference, both))
            difference, width = summary([v - r for v, r in pairs])
            most = mark(configurations[configuration], "at_most_below", name)
            least = mark(configurations[configuration], "at_least_below", name)
            marks = []
            if most is not None:
                marks.append(f"at least −{most}")
                if difference < -most:
                    missed.append(f"{name} {configuration}: {-difference:.2f} points below FP32, "
                                  f"expected at most {most}")
            if least is not None:
                marks.append(f"at most −{least}")
                if difference > -least:
                    missed.append(f"{name} {configuration}: {-difference:.2f} points below FP32, "
                                  f"expected at least {least}")
            cells += [spell(difference, width, sign=True), ", ".join(marks)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n", missed


# One colour and line for each configuration, in order: distinguishable without colour too.
STYLES = (("#000000", "-"), ("#0072b2", "--"), ("#56b4e9", "-."), ("#009e73", "-"), ("#e69f00", "--"),
          ("#d55e00", ":"), ("#cc79a7", "-."), ("#7f7f7f", ":"))


def draw(name, network, curves, path):
    """Draws mean training loss and mean test accuracy over the epochs, shaded between the lowest
    and the highest seed, as SVG. The same curves make the same bytes (same version of
    matplotlib). Returns False if there is no matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": name, "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for (configuration, by_seed), (colour, line) in zip(curves.items(), STYLES):
        if not by_seed:
            continue
        epochs = range(1, network["epochs"] + 1)
        label = f"{configuration} ({len(by_seed)} seeds)"
        for axis, part, factor in ((left, 0, 1), (right, 1, 100)):
            points = [[factor * by_seed[seed][e - 1][part] for seed in by_seed] for e in epochs]
            axis.plot(epochs, [sum(p) / len(p) for p in points], line, color=colour, label=label)
            axis.fill_between(epochs, [min(p) for p in points], [max(p) for p in points], color=colour,
                              alpha=0.12, linewidth=0)
    for axis, title in ((left, "training loss"), (right, "test accuracy, %")):
        axis.set_xlabel("epoch")
        axis.set_title(f"{name}: {title}")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
    right.legend(loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    figure.savefig(part, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    part.replace(path)
    return True
