//===- Random.td - Random numbers -----------------------------------------===//
#ifndef DLC_DL_RANDOM_TD
#define DLC_DL_RANDOM_TD

include "dialects/dl/Dl.td"
include "mlir/IR/CommonAttrConstraints.td"

def Dl_RandomBitsOp : Dl_Op<"random_bits", [Pure, Dl_Indexed], ["onlyShapes", "flops"]> {
  let summary = "64 random bits (ui64) for each element of a tensor of the dims in `shape` (1-D i64)";
  let description = [{
    The first two words of Philox4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011) with `seed`
    as its key and the counter (element, stream, step): the row-major number of the element in the first 40 bits, `stream`
    in the 24 behind them, `step` (one i64, 0 where there is none) in the last 64. A pure function of these, so that neither
    threads nor tiles nor the CPU matter. What an ONNX node draws gets a stream and the step by numberDraws (Random.h).
  }];
  let arguments = (ins Dl_Tensor:$shape, Optional<Dl_Tensor>:$step, I64Attr:$seed,
                       DefaultValuedAttr<I64Attr, "0">:$stream);
  let results = (outs Dl_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // DLC_DL_RANDOM_TD
