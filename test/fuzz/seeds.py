#!/usr/bin/env python3
"""Seeds of a fuzzer: TARGET's files of test/ that are small, and some that are made here.

Called by tools/scripts/fuzz, which sets TARGET, OUT (the folder to fill) and BUILD (with bin/slp-as). Programs that the
compiler makes are added if build/bin/slpc is there, or what SLPC names. With EACH_ERROR set, images are added of which
one byte is another: most of what a reader can refuse is one byte away.
"""

import glob
import os
import re
import struct
import subprocess

TARGET, OUT, BUILD = (os.environ[name] for name in ("TARGET", "OUT", "BUILD"))
SLPC = os.environ.get("SLPC", "build/bin/slpc")
SIM = os.environ.get("SLP_SIM", "build/bin/slp-sim")
LARGEST = 34000  # bytes, of libFuzzer's -max_len
TEXTS = ["test/tools/slp-sim/Inputs/linear.s", "test/tools/Inputs/small.s"]
CHIPS = glob.glob("runtime/chips/*.yaml") + glob.glob("test/e2e/Inputs/chips/*.yaml")
ELEMENTS = {0x08: "B", 0x09: "b", 0x0B: "h", 0x0C: "i", 0x0D: "f", 0x0E: "d"}  # of IDX files
KINDS = {"|b1": 1, "|u1": 1, "<u2": 2, ">u4": 4, "<u8": 8, "|i1": 1, ">i2": 2, "<i4": 4, "<i8": 8, "<f2": 2, ">f4": 4,
         "<f8": 8, "|V2": 2, "bfloat16": 2}
# Models and flags whose programs together have nearly all instructions and formats.
PROGRAMS = """
conv-logits lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
reduce-log-sum-exp asu-fp8 --precision=fp8 --loss=softmax-cross-entropy --batch=2
volume-batch-norm lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
lrn asu-fp8 --precision=fp8 --loss=softmax-cross-entropy --batch=2
fn-where lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
embedding asu-fp8 --precision=fp8
fn-gelu-fused lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
stable-unit-rows lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-mish lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-steps lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
stable-exp-over-sum lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-prelu-one lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
max-unpool lnpu --precision=fp16 --loss=softmax-cross-entropy --batch=2
fn-abs lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-erf lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-celu lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-softsign lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-hardswish lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-elu lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-shrink lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-leakyrelu lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-hardsigmoid lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-thresholdedrelu lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
stable-squares asu-fp8 --precision=fp8 --loss=softmax-cross-entropy --batch=2
reshape-to-image asu-fp8 --precision=fp8 --loss=softmax-cross-entropy --batch=2
fn-max lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
fn-min lnpu --precision=fp16
arg-max lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
dropout lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
reduce-l1 lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
reduce-l1 asu-fp8 --precision=fp8 --loss=softmax-cross-entropy --batch=2
reduce-sum-square asu-fp8 --precision=fp8 --loss=softmax-cross-entropy --batch=2
reduce-min asu-fp8 --precision=fp8 --loss=softmax-cross-entropy --batch=2
norm-batch-fixed lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
reduce-prod lnpu --precision=fgmp --loss=softmax-cross-entropy --batch=2
reduce-prod asu-fp8 --precision=fp8 --loss=softmax-cross-entropy --batch=2
mid-conv lnpu --precision=fp16
gemm lnpu --precision=fp16 --loss=softmax-cross-entropy --batch=2 --optimizer=adam
gemm lnpu --precision=fp16 --loss=softmax-cross-entropy --batch=2 --optimizer=adamw
gemm lnpu --precision=fp16 --loss=softmax-cross-entropy --batch=2 --optimizer=adagrad
gemm lnpu --precision=fp16 --loss=softmax-cross-entropy --batch=2 --optimizer=sgd --nesterov
gemm lnpu --precision=fp8 --loss=softmax-cross-entropy --batch=2 --loss-scale=dynamic --clip-norm=1
gemm lnpu --precision=fp16 --loss=softmax-cross-entropy --batch=4 --micro-batch=2
""".split("\n")


def put(name, content):
    if len(content) <= LARGEST:
        with open(os.path.join(OUT, name), "wb") as file:
            file.write(content)


def copy(paths):
    for i, path in enumerate(sorted(paths)):
        with open(path, "rb") as file:
            put(f"{i:03}-{os.path.basename(path)}", file.read())


def small_chip(name):
    """A description of a chip on which nothing costs much: two cores and memories of some KiB, without notes."""
    with open(f"runtime/chips/{name}.yaml") as file:
        text = file.read()
    text = re.sub(r', note: "[^"]*"', "", text)
    text = re.sub(r"(?m)^ *#.*\n| #.*$", "", text)
    text = re.sub(r"published:\n(  .*\n)*", "published: {}\n", text)
    for key, value in {"cores": "2, unit: cores", "scratchpad": "4, unit: KiB", "accumulator_bank": "1, unit: KiB",
                       "shared_buffer": "4, unit: KiB", "dram": "1, unit: MiB"}.items():
        text = re.sub(rf"({key}: {{value: )\d+, unit: \w+", rf"\g<1>{value}", text)
    text = re.sub(r"(?m)^name:.*$", "name: small", text)
    return re.sub(r"(?m)^title:.*$", "title: small", text)


def assemble(text, name, chip):
    """The image of a text for `chip`, without the names of its own."""
    path = os.path.join(OUT, name)
    with open(path + ".s", "w") as file:
        file.write(re.sub(r"(?m)^\.chip .*$", f".chip {chip['name']}", text))
    subprocess.run([f"{BUILD}/bin/slp-as", path + ".s", f"--target={chip['path']}", "-o", path], check=True)
    os.remove(path + ".s")
    if os.path.getsize(path) > LARGEST:
        os.remove(path)


def sections(image):
    """Offset and size of each section by name; the section headers as one more."""
    start, = struct.unpack_from("<Q", image, 40)
    count, names = struct.unpack_from("<2H", image, 60)
    headers = [struct.unpack_from("<IIQQQQ", image, start + 64 * i) for i in range(count)]
    text = image[headers[names][4]:][:headers[names][5]]
    found = {text[h[0]:text.index(b"\0", h[0])].decode(): (h[4], h[5]) for h in headers}
    return {**found, "headers": (start, 64 * count), "start": (0, 64)}


def damage(path):
    """Copies of an image with one byte changed, and some that end early."""
    with open(path, "rb") as file:
        image = file.read()
    parts = sections(image)
    name = os.path.basename(path)
    for part in ("start", "headers", ".note.slp", ".desc", ".text", ".slp.debug", ".shstrtab"):
        at, size = parts[part]
        for i in range(at, at + size):
            for value in {0, 255, image[i] ^ 1, (image[i] + 1) % 256} - {image[i]}:
                put(f"damaged-{name}-{i:05}-{value:02x}", image[:i] + bytes([value]) + image[i + 1:])
    for size in (0, 3, 40, 64, 500, len(image) // 2, len(image) - 1):
        put(f"damaged-{name}-end-{size}", image[:size])


def images():
    chips = {}
    for name in ("lnpu", "asu-fp8"):
        path = os.path.join(os.path.dirname(OUT.rstrip("/")), f"small-{name}.yaml")
        with open(path, "w") as file:
            file.write(small_chip(name))
        chips[name] = path
    for i, path in enumerate(TEXTS):
        with open(path) as file:
            text = file.read()
        assemble(text, f"text{i}", {"name": "small", "path": chips["asu-fp8" if "asu-fp8" in text else "lnpu"]})
    for path in glob.glob("test/fuzz/regressions/image/*.s"):
        subprocess.run([f"{BUILD}/bin/slp-as", path, "--target=test/fuzz/small.yaml", "-o",
                        os.path.join(OUT, os.path.basename(path)[:-2])], check=True)
    for name, text in (("text2", "contract.s"), ("text3", "masks.s")):
        with open(os.path.join(os.path.dirname(__file__), text)) as file:
            assemble(file.read(), name, {"name": "small", "path": chips["asu-fp8"]})
    if "EACH_ERROR" in os.environ:
        for path in glob.glob(f"{OUT}/text[12]"):
            damage(path)
    if not os.path.exists(SLPC):
        return print(f"fuzz: no programs of the compiler: {SLPC} is not there")
    for i, line in enumerate(filter(None, PROGRAMS)):
        model, chip, *flags = line.split()
        command = [SLPC, f"test/models/ops/{model}.onnx", f"--target={chips[chip]}", "--quiet", "--emit=asm", *flags]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            raise SystemExit(f"fuzz: {' '.join(command)} fails")
        # Most of an image is for debugging. The two texts above have some of it.
        text = re.sub(r"(?m)^\.(loc|captured|capture|node|elided|chip_line) .*\n", "", result.stdout)
        assemble(text, f"{i:03}-{model}", {"name": "small", "path": chips[chip]})


def mlir():
    for path in glob.glob("test/**/*.mlir", recursive=True):
        with open(path) as file:
            text = re.sub(r"(?m)^// .*\n", lambda line: line[0] if "-----" in line[0] else "", file.read())
        for i, part in enumerate(re.split("// -----|(?m:^//--- .*$)", text)):
            put(f"{os.path.basename(path)}-{os.path.basename(os.path.dirname(path))}-{i:03}", part.strip().encode())


    # What modules say of themselves, and what is refused of it.
    training = '{micro_batches = 1 : i64, name = "sgd", numbers = {lr = 0.1 : f64}}'
    good = (("own_updates", "unit"), ("hyper", "{lr = 0.1 : f32}"), ("file_optimizer", '"a"'), ("optimizer", "{}"),
            ("training", training), ("precision", '{model_hash = "12ab"}'), ("what", "1"))
    for name, value in good:
        for i, wrong in enumerate((value, "1 : i32", "{}", '"x"', "{a = 1 : i32, model_hash = 1 : i32}")):
            put(f"attribute-{name}-{i}", f"module attributes {{train.{name} = {wrong}}} {{}}\n".encode())


def state():
    """A state that the fuzzer's image takes, one of version 2, and one without tensors."""
    def with_checksum(body):
        value = 0xCBF29CE484222325
        for byte in body:
            value = (value ^ byte) * 0x100000001B3 % 2**64
        return body + struct.pack("<Q", value)

    def tensor(name, *shape):
        count = 1
        for extent in shape:
            count *= extent
        return (struct.pack("<I", len(name)) + name + struct.pack("<I", len(shape)) +
                struct.pack(f"<{len(shape)}q", *shape) + struct.pack(f"<{count}f", *[0.5] * count))

    position = struct.pack("<4q2I", 1, 2, 320, 32, 7, 1)
    tensors = [tensor(b"weight", 64, 10), tensor(b"velocity", 64, 10)]
    for name, start, parts in (("whole", struct.pack("<Iq", 3, 12) + position, tensors),
                               ("old", struct.pack("<Iq", 2, 12), tensors),
                               ("turned", struct.pack("<Iq", 2, 12), tensors[::-1]),
                               ("other", struct.pack("<Iq", 2, 12), [tensors[0], tensor(b"bias", 3)]),
                               ("shape", struct.pack("<Iq", 2, 12), [tensor(b"weight", 3), tensors[1]]),
                               ("extra", struct.pack("<Iq", 2, 12), tensors + [tensor(b"bias", 3)]),
                               ("twice", struct.pack("<Iq", 2, 12), tensors + tensors[:1]),
                               ("unknown", struct.pack("<Iq", 9, 12), []),
                               ("none", struct.pack("<Iq", 3, 0) + struct.pack("<4q2I", 0, 0, 0, 0, 0, 0), [])):
        put(name, with_checksum(b"SLPSTATE" + start + struct.pack("<I", len(parts)) + b"".join(parts)))
    put("fraction", with_checksum(b"SLPSTATE" + struct.pack("<IqI", 2, 1, 2) + tensors[1] +
                                  tensors[0][:-4] + struct.pack("<f", 0.1)))


def work():
    """A recording of the fuzzer's image, if the simulator is there: whole, and its events alone."""
    put("empty", b"")
    if not os.path.exists(SIM):
        return
    assemble(open(TEXTS[0]).read(), "image", {"name": "lnpu", "path": "lnpu"})
    image, path = os.path.join(OUT, "image"), os.path.join(OUT, "recording")
    subprocess.run([SIM, image, "--steps=1", f"--record={path}", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    os.remove(image)
    put("events", open(path, "rb").read()[28:])


def policies():
    """The names, every key, and what each of them refuses."""
    for name in ("fp32", "fp16", "fp8", "fgmp", "sensitivity"):
        put(f"name-{name}", name.encode())
        put(f"base-{name}", f"base: {name}\n".encode())
    layers = 'layers:\n  - name: "conv*"\n    activations: fp16\n  - name: fc\n    errors: fp16\n    weights: fp8\n'
    keys = ("activations", "errors", "weights", "first", "last", "loss", "arithmetic", "between", "master", "optimizer",
            "statistics", "update_rounding")
    put("all", ("base: fp8\n" + "".join(f"{key}: fp16\n" for key in keys) + layers + "loss_scale: 1024\ncoded: true\n"
                "share: 0.5\nadapt: false\nsensitivity: {error: 0.1, underflow: 0.02, overflow: 0.0}\n").encode())
    for i, wrong in enumerate(("share: 2", "sensitivity: {error: -1}", "layers: [{name: '['}]", "layers: [{name: a}]", "what: 1",
                               "layers: a", "coded: maybe", "loss_scale: x")):
        put(f"wrong{i}", f"base: fp8\n{wrong}\n".encode())
    put("list", b"- a\n")


def numpy_file(kind, is_fortran):
    header = f"{{'descr': '{kind}', 'fortran_order': {is_fortran}, 'shape': (2, 3), }}".encode().ljust(118)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(6 * KINDS[kind])


def main():
    copy(path for path in glob.glob(f"test/fuzz/regressions/{TARGET}/*") if TARGET != "image" or not path.endswith(".s"))
    if TARGET == "image":
        images()
    elif TARGET == "assembly":
        copy(TEXTS)
    elif TARGET == "state":
        state()
    elif TARGET == "work":
        work()
    elif TARGET == "chip":
        copy(CHIPS + ["test/tools/slp-sim/Inputs/mine.yaml"])
        for name in ("lnpu", "asu-fp8"):
            put(f"small-{name}", small_chip(name).encode())
    elif TARGET == "npy":
        copy(path for path in glob.glob("test/**/*.npy", recursive=True) if os.path.getsize(path) < 1000)
        for i, kind in enumerate(KINDS):
            for is_fortran in (False, True):
                put(f"kind{i}{is_fortran}", numpy_file(kind, is_fortran))
        put("version2", b"\x93NUMPY\x02\x00" + struct.pack("<I", 59) +
            b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".ljust(59) + bytes(8))
    elif TARGET == "idx":
        copy(glob.glob("test/data/digits/*idx1*"))
        for code, letter in ELEMENTS.items():
            put(f"kind{code}", bytes([0, 0, code, 2]) + struct.pack(f">II6{letter}", 2, 3, *range(6)))
        put("cifar", bytes([3]) + bytes(3072))
    elif TARGET == "policy":
        copy(glob.glob("test/models/policies/*.yaml"))
        policies()
    elif TARGET == "mlir":
        mlir()
    elif TARGET == "import":
        copy(path for folder in ("test/models", "/usr/share/libonnx-testdata/data")
             for path in glob.glob(f"{folder}/**/*.onnx*", recursive=True))


main()
