"""Prints an MLIR module with one function for each of the payloads that models are made of: functions of one and two
numbers, activations, casts, reductions, softmax, layer norm, transposes, windows, gathers."""


class Module:
    def __init__(self):
        self.text = []

    def generic(self, name, operands, maps, iterators, body, outputs=1):
        """operands: (type, shape with '?' or numbers and 'x'), maps: results over d0.., body: payload on %a0, %a1, ..."""
        dims = ", ".join(f"d{i}" for i in range(len(iterators)))
        arguments, casts, names = [], [], []
        sizes = {"?": "%n"}
        for i, (kind, shape) in enumerate(operands):
            arguments.append(f"%p{i}: memref<{kind}>")
            extents = shape.split("x") if shape else []
            strides = ["1"] * len(extents)
            stride, known = 1, True
            for d in reversed(range(len(extents))):
                strides[d] = str(stride) if known else "%s"
                known = known and extents[d] != "?"
                stride *= 1 if extents[d] == "?" else int(extents[d])
            if "%s" in strides:  # all rows are %n long
                strides = ["%n" if s == "%s" else s for s in strides]
            memref = f"memref<{shape + 'x' if shape else ''}{kind}>"
            names.append((f"%v{i}", memref))
            casts.append(
                f"  %v{i} = memref.reinterpret_cast %p{i} to offset: [0], sizes: [{', '.join(sizes.get(e, e) for e in extents)}], "
                f"strides: [{', '.join(strides)}] : memref<{kind}> to {memref}"
            )
        split = len(operands) - outputs
        lists = []
        for word, part in (("ins", names[:split]), ("outs", names[split:])):
            if part:
                lists.append(f"{word}({', '.join(n for n, _ in part)} : {', '.join(t for _, t in part)})")
        block = ", ".join(f"%a{i}: {kind}" for i, (kind, _) in enumerate(operands))
        attributes = ", ".join(f"affine_map<({dims}) -> ({m})>" for m in maps)
        kinds = ", ".join('"parallel"' if k == "p" else '"reduction"' for k in iterators)
        self.text += [
            f"func.func @{name}({', '.join(arguments)}, %n: index) {{",
            *casts,
            f"  linalg.generic {{indexing_maps = [{attributes}], iterator_types = [{kinds}]}} {' '.join(lists)} {{",
            f"  ^bb0({block}):",
            *(f"    {line}" for line in body),
            "  }",
            "  return",
            "}",
        ]


def payload(expression, result="f32"):
    return [*expression, f"linalg.yield %r : {result}"]


def main():
    m = Module()
    ew = ["d0, d1", "d0, d1"]
    rows = ("f32", "?x?")
    half, one = "%h = arith.constant 0.5 : f32", "%o = arith.constant 1.0 : f32"
    functions = "exp exp2 expm1 log log2 log10 log1p tanh erf sin cos tan asin acos atan sinh cosh asinh acosh atanh sqrt rsqrt cbrt floor ceil trunc round roundeven absf"
    for function in functions.split():
        m.generic(f"unary_{function}", [rows, rows], ew, "pp", payload([f"%r = math.{function} %a0 : f32"]))
    m.generic("power", [rows, rows, rows], ["d0, d1"] * 3, "pp", payload(["%r = math.powf %a0, %a1 : f32"]))
    m.generic("angle", [rows, rows, rows], ["d0, d1"] * 3, "pp", payload(["%r = math.atan2 %a0, %a1 : f32"]))
    m.generic("sigmoid", [rows, rows], ew, "pp", payload(
        [one, "%m = arith.negf %a0 : f32", "%e = math.exp %m : f32", "%s = arith.addf %e, %o : f32", "%r = arith.divf %o, %s : f32"]))
    m.generic("softplus", [rows, rows], ew, "pp", payload(
        ["%e = math.exp %a0 : f32", "%r = math.log1p %e : f32"]))
    m.generic("mish", [rows, rows], ew, "pp", payload(
        ["%e = math.exp %a0 : f32", "%l = math.log1p %e : f32", "%t = math.tanh %l : f32", "%r = arith.mulf %a0, %t : f32"]))
    m.generic("gelu", [rows, rows], ew, "pp", payload(
        [half, one, "%q = arith.constant 0.70710678 : f32", "%b = arith.mulf %a0, %q : f32", "%e = math.erf %b : f32",
         "%f = arith.addf %e, %o : f32", "%g = arith.mulf %a0, %h : f32", "%r = arith.mulf %g, %f : f32"]))
    m.generic("gelu_half", [("f16", "?x?"), ("f16", "?x?")], ew, "pp", payload(
        ["%x = arith.extf %a0 : f16 to f32", "%e = math.erf %x : f32", "%f = arith.mulf %e, %x : f32", "%r = arith.truncf %f : f32 to f16"], "f16"))
    m.generic("tanh_brain", [("bf16", "?x?"), ("bf16", "?x?")], ew, "pp", payload(["%r = math.tanh %a0 : bf16"], "bf16"))
    m.generic("bias_relu", [rows, ("f32", "?"), rows], ["d0, d1", "d1", "d0, d1"], "pp", payload(
        ["%z = arith.constant 0.0 : f32", "%b = arith.addf %a0, %a1 : f32", "%r = arith.maximumf %b, %z : f32"]))
    m.generic("quantize", [rows, ("i8", "?x?")], ew, "pp", payload(
        ["%s = arith.constant 0.1 : f32", "%l = arith.constant -128.0 : f32", "%u = arith.constant 127.0 : f32", "%d = arith.divf %a0, %s : f32",
         "%e = math.roundeven %d : f32", "%f = arith.maximumf %e, %l : f32", "%g = arith.minimumf %f, %u : f32", "%r = arith.fptosi %g : f32 to i8"], "i8"))
    m.generic("choose", [("i8", "?x?"), rows, rows, rows], ["d0, d1"] * 4, "pp", payload(
        ["%c = arith.trunci %a0 : i8 to i1", "%r = arith.select %c, %a1, %a2 : f32"]))
    m.generic("wide", [("f64", "?x?")] * 3, ["d0, d1"] * 3, "pp", payload(
        ["%p = arith.mulf %a0, %a1 : f64", "%r = arith.addf %p, %a0 : f64"], "f64"))
    for name, op, kind in (("sum", "addf", "f32"), ("max", "maximumf", "f32"), ("product", "mulf", "f32"), ("count", "addi", "i64")):
        shape = (kind, "?x?")
        body = payload([f"%r = arith.{op} %a1, %a0 : {kind}"], kind)
        m.generic(f"{name}_inner", [shape, (kind, "?")], ["d0, d1", "d0"], "pr", body)
        m.generic(f"{name}_outer", [shape, (kind, "?")], ["d0, d1", "d1"], "rp", body)
    m.generic("argmax", [rows, ("f32", "?"), ("i64", "?")], ["d0, d1", "d0", "d0"], "pr",
              ["%i = linalg.index 1 : index", "%k = arith.index_cast %i : index to i64", "%c = arith.cmpf ogt, %a0, %a1 : f32",
               "%v = arith.select %c, %a0, %a1 : f32", "%j = arith.select %c, %k, %a2 : i64", "linalg.yield %v, %j : f32, i64"], 2)
    m.generic("softmax_exp", [rows, ("f32", "?"), rows, ("f32", "?")], ["d0, d1", "d0", "d0, d1", "d0"], "pr",
              ["%d = arith.subf %a0, %a1 : f32", "%e = math.exp %d : f32", "%s = arith.addf %a3, %e : f32", "linalg.yield %e, %s : f32, f32"], 2)
    m.generic("softmax_divide", [("f32", "?"), rows], ["d0", "d0, d1"], "pp", payload(["%r = arith.divf %a1, %a0 : f32"]))
    m.generic("variance", [rows, ("f32", "?"), ("f32", "?")], ["d0, d1", "d0", "d0"], "pr", payload(
        ["%d = arith.subf %a0, %a1 : f32", "%q = arith.mulf %d, %d : f32", "%r = arith.addf %a2, %q : f32"]))
    for kind in ("f32", "f64", "i16", "i8"):
        m.generic(f"transpose_{kind}", [(kind, "?x?")] * 2, ["d1, d0", "d0, d1"], "pp", [f"linalg.yield %a0 : {kind}"])
    m.generic("transpose_static", [("f32", "64x96"), ("f32", "96x64")], ["d1, d0", "d0, d1"], "pp", ["linalg.yield %a0 : f32"])
    m.generic("max_window", [("f32", "?x64"), ("f32", "3"), ("f32", "?x64")], ["d0 * 2 + d2, d1", "d2", "d0, d1"], "ppr",
              payload(["%r = arith.maximumf %a2, %a0 : f32"]))
    m.generic("multiply", [rows, rows, rows], ["d0, d2", "d2, d1", "d0, d1"], "ppr", payload(
        ["%p = arith.mulf %a0, %a1 : f32", "%r = arith.addf %a2, %p : f32"]))
    m.generic("every_second", [("f32", "?x64"), ("f32", "?x32")], ["d0, d1 * 2", "d0, d1"], "pp", ["linalg.yield %a0 : f32"])
    print("\n".join(m.text))


main()
