# ===- reverse.py - walks a network backwards ----------------------------- ===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# What the two writers of gradients share: gradients of a value's uses are
# collected and summed before the node that makes the value is visited. Each
# writer says what the gradient of an operator is, in its own operators.
#
# ===-----------------------------------------------------------------------===#
import collections

from onnx import helper


def attributes_of(node):
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


class Reverse:
    """Subclasses define `grad_<Operator>(node, dy)`, which calls `give` for each input."""

    def __init__(self, network):
        self.network = network
        self.nodes = []
        self.initializers = {}
        self.contributions = collections.defaultdict(list)
        self.gradients = {}  # of parameters

    def emit(self, op, inputs, outputs, **attributes):
        """Appends a node; `outputs` is a name or a list of them; the first is returned."""
        outputs = [outputs] if isinstance(outputs, str) else list(outputs)
        self.nodes.append(helper.make_node(op, inputs, outputs, name=f"grad/{outputs[0] or op}",
                                           **attributes))
        return outputs[0]

    def constant(self, name, values):
        self.initializers[name] = values
        return name

    def name_for(self, value):
        """The name of the next gradient that reaches `value`."""
        uses = sum(value in node.input for node in self.network.nodes)
        return f"{value}_grad" if uses < 2 else f"{value}_grad_{len(self.contributions[value])}"

    def wants(self, value):
        return value != "image" and value not in self.network.running

    def give(self, value, grad):
        if self.wants(value):
            self.contributions[value].append(grad)

    def run(self, logits_grad):
        self.give("logits", logits_grad)
        for node in reversed(self.network.nodes):
            parts = self.contributions[node.output[0]]
            if len(parts) > 1:
                parts = [self.emit("Sum", parts, f"{node.output[0]}_grad")]
            getattr(self, f"grad_{node.op_type}")(node, parts[0])
        for name in self.network.parameters:
            (self.gradients[name],) = self.contributions[name]
