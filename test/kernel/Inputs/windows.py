"""Prints the kernels over windows whose inner loops expand-assembly.test looks at: convolutions, and folds of each channel
on its own, of one and two spatial dims, their widths known and not."""

TYPES = {"f32": "f32", "f64": "f64", "f16": "f32", "bf16": "f32", "i8": "i8", "i32": "i32"}
SWISH = ["%one = arith.constant 1.0 : f32", "%m = arith.negf %s : f32", "%e = math.exp %m : f32",
         "%d = arith.addf %e, %one : f32", "%q = arith.divf %s, %d : f32"]


def strided(shape, element):
    strides = ", ".join(["?"] * (len(shape) - 1) + ["1"])
    return f"memref<{'x'.join(shape)}x{element}, strided<[{strides}], offset: ?>>"


def cast(name, pointer, shape, element):
    """A view of `shape`, all of whose strides are known only when it runs."""
    sizes = ", ".join("%n" if s == "?" else s for s in shape)
    strides = ", ".join(["%step"] * (len(shape) - 1) + ["1"])
    return (f"  %{name} = memref.reinterpret_cast %{pointer} to offset: [%n], sizes: [{sizes}], strides: [{strides}] : "
            f"memref<{element}> to {strided(shape, element)}")


def payload(acc, out, bias, swish):
    lines, value = [], "%acc"
    if bias:
        lines.append("%s = arith.addf %acc, %bias : f32")
        value = "%s"
    if swish:
        lines, value = lines + SWISH, "%q"
    if acc != out:
        lines.append(f"%r = arith.truncf {value} : {acc} to {out}")
        value = "%r"
    return "\n    ".join(lines + [f"mk.yield {value} : {out}"])


def attributes(window, stride, pad):
    lists = [window, [stride] * len(window), [1] * len(window), [pad] * len(window)]
    return "window {} strides {} dilations {} pads {}".format(*lists)


def combine(kind, element, acc):
    lines, x, w = [], "%x", "%w"
    if element != acc:
        lines = [f"%xw = arith.extf %x : {element} to {acc}"]
        x = "%xw"
        if kind == "multiply":
            lines.append(f"%ww = arith.extf %w : {element} to {acc}")
            w = "%ww"
    f = "f" if acc.startswith("f") else "i"
    if kind == "multiply":
        lines += [f"%p = arith.mul{f} {x}, {w} : {acc}", f"%t = arith.add{f} %a, %p : {acc}"]
    else:
        op = {"add": f"add{f}", "max": "maximumf" if f == "f" else "maxsi"}[kind]
        lines += [f"%t = arith.{op} %a, {x} : {acc}"]
    return "\n    ".join(lines + [f"mk.yield %t : {acc}"])


def window(name, element, kind, dims, results, sizes, stride=1, pad=1, bias=False, swish=False):
    acc = TYPES[element]
    x, o, w = dims + ["?"], results + ["?"], [str(k) for k in sizes] + ["?"]
    start = "0.0" if acc.startswith("f") else "0"
    weighted = kind == "multiply"
    maps = "affine_map<({0}, c) -> (c)>".format(", ".join(f"e{i}" for i in range(len(sizes)))) if bias else ""
    print("\n".join([
        f"func.func @{name}_{element}(%x0: memref<{element}>, %w0: memref<{element}>, %b0: memref<f32>, %o0: memref<{element}>, "
        "%n: index, %step: index, %first: index) {",
        cast("x", "x0", x, element), cast("w", "w0", w, element), cast("o", "o0", o, element), cast("b", "b0", ["?"], "f32"),
        f"  mk.window ins(%x{', weights %w' if weighted else ''} : {strided(x, element)}"
        f"{', ' + strided(w, element) if weighted else ''}){' extras(%b : ' + strided(['?'], 'f32') + ')' if bias else ''}",
        f"      outs(%o : {strided(o, element)}) first %first start {start} : {acc} maps [{maps}] {attributes(sizes, stride, pad)} {{",
        f"  ^bb0(%a: {acc}, %x_: {element}{', %w_: ' + element if weighted else ''}):",
        "    " + combine(kind, element, acc).replace("%x ", "%x_ ").replace("%x,", "%x_,").replace("%w ", "%w_ "),
        "  } then {", f"  ^bb0(%acc: {acc}{', %bias: f32' if bias else ''}):", "    " + payload(acc, element, bias, swish),
        "  }", "  return", "}"]))


def convolution(name, element, channels, padded):
    acc = TYPES[element]
    x, w, o = ["?", "?", channels], ["?", "?", "32"], ["?", "?"]
    zeros = [channels]
    print("\n".join([
        f"func.func @{name}_{element}(%x0: memref<{element}>, %z0: memref<{element}>, %w0: memref<{element}>, %b0: memref<f32>, "
        f"%o0: memref<{element}>, %n: index, %step: index, %first: index) {{",
        cast("x", "x0", x, element), cast("z", "z0", zeros, element), cast("w", "w0", w, element), cast("o", "o0", o, element),
        f"  mk.conv ins(%x, %w{', zeros %z' if padded else ''} : {strided(x, element)}, {strided(w, element)}"
        f"{', ' + strided(zeros, element) if padded else ''}) outs(%o : {strided(o, element)})",
        f"      first %first of %n, %n maps [affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>, affine_map<(m, n, k) -> (m, n)>]",
        f"      {attributes([3, 3], 1, int(padded))} {{",
        f"  ^bb0(%acc: {acc}):", "    " + payload(acc, element, False, False), "  }", "  return", "}"]))


for element in ("f32", "f64", "f16", "bf16"):
    convolution("convolution", element, "?", True)
convolution("inside", "f32", "?", False)
convolution("stem", "f32", "3", True)
for element in TYPES:
    window("depthwise", element, "multiply", ["?", "?"], ["?", "?"], [3, 3])
    window("maximum", element, "max", ["?", "?"], ["?", "?"], [3, 3], stride=2)
    window("row", element, "max", ["?"], ["?"], [3], pad=0)
for kind in ("add", "max", "multiply"):
    window("known_" + kind, "f32", kind, ["?", "56"], ["?", "56"], [3, 3])
window("known_wide", "f32", "multiply", ["?", "28"], ["?", "28"], [5, 5], pad=2)
window("wider", "f32", "multiply", ["?", "?"], ["?", "?"], [7, 7], pad=3)
window("long", "f32", "multiply", ["?"], ["?"], [31], pad=15)
window("bias", "f32", "multiply", ["?"], ["?"], [3], bias=True)
window("swish", "f32", "multiply", ["?"], ["?"], [3], bias=True, swish=True)
