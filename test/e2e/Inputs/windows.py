"""windows.py: writes models at and beyond the largest window and dimension of the instruction set, as ONNX text."""


def write(name, image, initializers, nodes, classes, numbers=""):
    """`initializers` are (name, shape); their values are small multiples of 1/64. `numbers` declares others."""
    def values(shape):
        count = 1
        for extent in shape:
            count *= extent
        return ", ".join(str((i * 7 % 13 - 6) / 64) for i in range(count))

    lines = ["<ir_version: 7, opset_import: [\"\" : 13]>",
             f"model (float[{', '.join(map(str, image))}] image) => (float[{image[0]}, {classes}] logits)"]
    if initializers:
        lines.append("<")
        lines.append(",\n".join([f"  float[{', '.join(map(str, shape))}] {name} = {{{values(shape)}}}"
                                 for name, shape in initializers] + ([numbers] if numbers else [])))
        lines.append(">")
    lines += ["{"] + ["  " + node for node in nodes] + ["}"]
    with open(name + ".onnxtxt", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def convolution(name, columns, kernel, dilation):
    """The filter is one number, repeated: text holds no large initializers."""
    outputs = columns - (kernel - 1) * dilation
    write(name, (2, 1, 1, columns), [("tap", (1, 1, 1, 1))],
          ["filter = Expand (tap, shape)",
           f"filtered = Conv <kernel_shape = [1, {kernel}], dilations = [1, {dilation}]> (image, filter)",
           "logits = Flatten <axis = 1> (filtered)"], outputs, f"  int64[4] shape = {{1, 1, 1, {kernel}}}")


def pool(name, operator, image, window):
    write(name, image, [("weight", (2, 3))],
          [f"pooled = {operator} <kernel_shape = [{window}], strides = [{window}]> (image)",
           "flat = Flatten <axis = 1> (pooled)", "logits = MatMul (flat, weight)"], 3)


convolution("most", 4098, 4095, 1)
convolution("conv", 4099, 4096, 1)
convolution("dilated", 516, 3, 256)
pool("max-pool", "MaxPool", (2, 1, 1, 10000), "1, 5000")
pool("average", "AveragePool", (2, 1, 8192, 1), "4096, 1")
write("long", (1, 17000000), [("weight", (1, 3))],
      ["active = Relu (image)", "mean = ReduceMean <axes = [1], keepdims = 1> (active)", "logits = MatMul (mean, weight)"], 3)
