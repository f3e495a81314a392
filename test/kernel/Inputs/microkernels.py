"""Prints the contraction kernels whose inner loops expand-assembly.test looks at: run-time extents and strides, types,
a long epilogue, a transposed left operand."""

TYPES = [("f32", "f32", "f32"), ("f64", "f64", "f64"), ("f16", "f32", "f16"), ("bf16", "f32", "bf16"),
         ("i8", "i32", "i32"), ("i32", "i32", "i32"), ("i64", "i64", "i64")]


def payload(acc, out, is_long):
    lines = []
    value = "%acc"
    if is_long:
        lines += ["%scale = arith.constant 0.70710678 : f32", "%half = arith.constant 0.5 : f32",
                  "%s = arith.addf %acc, %c : f32", "%x = arith.mulf %s, %scale : f32", "%e = math.erf %x : f32",
                  "%h = arith.mulf %s, %half : f32", "%t = arith.mulf %h, %e : f32", "%g = arith.addf %h, %t : f32"]
        value = "%g"
    if acc != out:
        lines.append(f"%r = arith.truncf {value} : {acc} to {out}")
        value = "%r"
    return lines + [f"mk.yield {value} : {out}"]


def kernel(name, types, is_long=False, transposed=False):
    operand, acc, out = types
    a = "memref<?x?x%s, strided<[?, 1], offset: ?>>" % operand
    b = "memref<?x?x32x%s, strided<[?, 32, 1], offset: ?>>" % operand
    c, o = "memref<?xf32>", "memref<?x?x%s, strided<[?, 1], offset: ?>>" % out
    lhs = "(k, m)" if transposed else "(m, k)"
    extras = f" extras(%c : {c})" if is_long else ""
    maps = ["(m, n, k) -> " + lhs, "(m, n, k) -> (n floordiv 32, k, n mod 32)"]
    maps += ["(m, n, k) -> (n)"] if is_long else []
    maps += ["(m, n, k) -> (m, n)"]
    print(f"""func.func @{name}(%a0: memref<{operand}>, %b0: memref<{operand}>, %c0: memref<f32>, %o0: memref<{out}>,
    %M: index, %N: index, %K: index, %P: index, %ld: index) {{
  %a = memref.reinterpret_cast %a0 to offset: [%ld], sizes: [%M, %K], strides: [%ld, 1] : memref<{operand}> to {a}
  %b = memref.reinterpret_cast %b0 to offset: [%ld], sizes: [%P, %K, 32], strides: [%ld, 32, 1] : memref<{operand}> to {b}
  %c = memref.reinterpret_cast %c0 to offset: [0], sizes: [%N], strides: [1] : memref<f32> to {c}
  %o = memref.reinterpret_cast %o0 to offset: [%ld], sizes: [%M, %N], strides: [%ld, 1] : memref<{out}> to {o}
  mk.brgemm ins(%a, %b : {a}, {b}){extras} outs(%o : {o})
      maps [{", ".join(f"affine_map<{m}>" for m in maps)}] {{
  ^bb0(%acc: {acc}{", %c: f32" if is_long else ""}):
    {(chr(10) + "    ").join(payload(acc, out, is_long))}
  }}
  return
}}""".replace("%c: f32", "%bias: f32").replace("%acc, %c :", "%acc, %bias :"))


for types in TYPES:
    kernel("plain_" + types[0], types)
    kernel("transposed_" + types[0], types, transposed=True)
kernel("gelu_f32", TYPES[0], is_long=True)
kernel("gelu_f16", TYPES[2], is_long=True)
kernel("gelu_bf16", TYPES[3], is_long=True)
