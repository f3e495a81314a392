//===- Mk.td - The mk dialect: micro-kernels whose inner loops we emit -----===//
//
// Contractions, the packing of their right operand, folds over windows. dlc-expand-microkernels turns them into loops over
// registers when they are on memrefs; mk.brgemm and mk.pack also take tensors, and can be tiled, fused and bufferized then.
//
//===----------------------------------------------------------------------===//
#ifndef DLC_MK_TD
#define DLC_MK_TD

include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.td"
include "dialects/mk/Contraction.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"

def Mk_Dialect : Dialect {
  let name = "mk";
  let cppNamespace = "::dlc::mk";
  let summary = "Micro-kernels in destination-passing style";
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::tensor::TensorDialect"];
}

def Mk_Shaped : AnyTypeOf<[AnyRankedTensor, AnyStridedMemRef]>;

class Mk_Op<string mnemonic, list<Trait> traits = []> : Op<Mk_Dialect, mnemonic, traits>;

/// What every op here is: destination-passing, tileable over its parallel dims, bufferizable in place.
defvar Mk_KernelTraits = [
  DestinationStyleOpInterface,
  DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
  DeclareOpInterfaceMethods<TilingInterface, [
    "getLoopIteratorTypes", "getIterationDomain", "getTiledImplementation", "getResultTilePosition",
    "generateResultTileValue", "getIterationDomainTileFromResultTile"]>,
  DeclareOpInterfaceMethods<BufferizableOpInterface, [
    "bufferizesToMemoryRead", "bufferizesToMemoryWrite", "bufferizesToElementwiseAccess", "getAliasingValues",
    "bufferize"]>
];

def Mk_BrgemmOp : Mk_Op<"brgemm", Mk_KernelTraits # [SingleBlock, RecursivelySpeculatable, Mk_ContractionInterface]> {
  let summary = "Contraction with a packed right operand and a scalar epilogue";
  let description = [{
    Over the domain (b..., m, n, k), the last dim the reduction:

        acc[b, m, n] = sum over k, in order, of lhs[lhs_map] * rhs[rhs_map]
        out[out_map] = payload(acc, extras[extra_maps]...)

    `maps` holds, in operand order, one affine map a shaped operand, each from the whole domain:

      - lhs: results are dims b..., m, k, each at most once, or the constant 0; k is required. Transposed operands
        and broadcast batches are maps, not copies.
      - rhs: batch dims or 0, then `n floordiv W, k, n mod W`: panels of W columns, all of K for one panel together,
        `[b..., ceil(N / W), K, W]`, zero-padded in the last panel (`mk.pack` makes it). W is the static last extent.
      - extras: results are dims b..., m, n, or 0 (a bias: `n`).
      - out: a permutation of b..., m, n.

    The payload's block takes the accumulator, whose type is the type of the accumulation (f32 for f16 and bf16; for
    integers the sums wrap), then one element of each extra, and yields an element of `out`. It holds elementwise
    arith and math ops; scalars from outside are allowed. `unsigned_lhs` and `unsigned_rhs` say how integers narrower than
    the accumulator are extended. The old contents of `out` are not read. An extra that is the same buffer as `out`
    under the same map may be overwritten in place.

    Every sum runs over k from 0 upward from +0 with one rounding a step (two where the CPU has no FMA); in f32 each
    256 steps make a sum of their own, and these are added in order. So a row's bits depend neither on the tiling nor on M.

    ```mlir
    %r = mk.brgemm ins(%a, %b : tensor<?x64xf32>, tensor<4x64x32xf32>) extras(%bias : tensor<100xf32>)
        outs(%o : tensor<?x100xf32>) maps [#a, #b, #bias, #o] {
    ^bb0(%acc: f32, %c: f32):
      %s = arith.addf %acc, %c : f32
      mk.yield %s : f32
    } -> tensor<?x100xf32>
    ```
  }];
  let arguments = (ins Mk_Shaped:$lhs, Mk_Shaped:$rhs, Variadic<Mk_Shaped>:$extras, Mk_Shaped:$init,
                       AffineMapArrayAttr:$maps, UnitAttr:$unsigned_lhs, UnitAttr:$unsigned_rhs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$payload);
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let skipDefaultBuilders = 1;
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)` (`extras` `(` $extras^ `:` type($extras) `)`)?
    `outs` `(` $init `:` type($init) `)` `maps` $maps (`unsigned_lhs` $unsigned_lhs^)? (`unsigned_rhs` $unsigned_rhs^)?
    attr-dict-with-keyword $payload (`->` type($results)^)?
  }];
  let builders = [
    /// Any maps. `accumulator` is the type of the sums; `body` writes the payload's ops and returns what to yield (none:
    /// the accumulator itself, whose type must then be that of `init`). A tensor `init` gives one result.
    OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs, "::mlir::ValueRange":$extras, "::mlir::Value":$init,
      "::mlir::ArrayRef<::mlir::AffineMap>":$maps, "::mlir::Type":$accumulator, CArg<"::dlc::mk::PayloadBuilder",
      "nullptr">:$body)>
  ];
  let extraClassDeclaration = [{
    ::mlir::AffineMap getMap(unsigned operand) {
      return ::llvm::cast<::mlir::AffineMapAttr>(getMaps()[operand]).getValue();
    }
    ::mlir::AffineMap getLhsMap() { return getMap(0); }
    ::mlir::AffineMap getRhsMap() { return getMap(1); }
    ::mlir::AffineMap getExtraMap(unsigned i) { return getMap(2 + i); }
    ::mlir::AffineMap getOutMap() { return getMap(getMaps().size() - 1); }

    ::llvm::SmallVector<::mlir::OpFoldResult> getDomainExtents(::mlir::OpBuilder &b);
    ::mlir::Type getOutElementType() { return ::llvm::cast<::mlir::ShapedType>(getInit().getType()).getElementType(); }
    /// Extents of (b..., m, n, k), dynamic where no type says them.
    ::llvm::SmallVector<int64_t> getStaticDomain();

    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Mk_YieldOp : Mk_Op<"yield", [Pure, Terminator, ParentOneOf<["BrgemmOp", "ConvOp", "WindowOp"]>]> {
  let summary = "The payload's result";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Mk_ConvOp : Mk_Op<"conv", [SingleBlock, RecursivelySpeculatable, AttrSizedOperandSegments, Mk_ContractionInterface,
                               DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Convolution of one image with packed weights and a scalar epilogue, some of its places";
  let description = [{
    Over the domain (m, n, k): row m is place `first` + m of the result's `extents`, row-major, k counts (window..., c):

        acc[m, n] = sum over k of lhs[place(m) * strides + window(k) * dilations - pads_low, c] * rhs[rhs_map]
        out[out_map] = payload(acc, extras[extra_maps]...)

    `lhs` is [d..., c], its channels contiguous. Places outside of it read `zeros`, c elements of the caller that are 0; without
    `zeros` there are none. `maps` are those of rhs (`n floordiv W, k, n mod W`), the extras and out (both of m, n or 0).
    The payload is that of mk.brgemm, and so is the order of the sums; in f32 the places of the window, or its rows, whichever
    are 128 steps or more, are sums of their own too.
  }];
  let arguments = (ins AnyStridedMemRef:$lhs, Optional<AnyStridedMemRef>:$zeros, AnyStridedMemRef:$rhs,
                       Variadic<AnyStridedMemRef>:$extras, AnyStridedMemRef:$init, Index:$first, Variadic<Index>:$extents,
                       AffineMapArrayAttr:$maps, DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads_low, UnitAttr:$unsigned_lhs,
                       UnitAttr:$unsigned_rhs);
  let regions = (region SizedRegion<1>:$payload);
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $rhs (`,` `zeros` $zeros^)? `:` type($lhs) `,` type($rhs) (`,` type($zeros)^)? `)`
    (`extras` `(` $extras^ `:` type($extras) `)`)? `outs` `(` $init `:` type($init) `)` `first` $first `of` $extents
    `maps` $maps `window` $window `strides` $strides `dilations` $dilations `pads` $pads_low
    (`unsigned_lhs` $unsigned_lhs^)? (`unsigned_rhs` $unsigned_rhs^)? attr-dict-with-keyword $payload
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$zeros, "::mlir::Value":$rhs, "::mlir::ValueRange":$extras,
      "::mlir::Value":$init, "::mlir::Value":$first, "::mlir::ValueRange":$extents,
      "::mlir::ArrayRef<::mlir::AffineMap>":$maps, "::dlc::mk::WindowAttributes":$window, "::mlir::Type":$accumulator,
      "::dlc::mk::PayloadBuilder":$body)>
  ];
  let extraClassDeclaration = [{
    ::mlir::AffineMap getMap(unsigned i) { return ::llvm::cast<::mlir::AffineMapAttr>(getMaps()[i]).getValue(); }
    ::mlir::AffineMap getRhsMap() { return getMap(0); }
    ::mlir::AffineMap getExtraMap(unsigned i) { return getMap(1 + i); }
    ::mlir::AffineMap getOutMap() { return getMap(getMaps().size() - 1); }
    ::llvm::SmallVector<::mlir::OpFoldResult> getDomainExtents(::mlir::OpBuilder &b);
  }];
}

def Mk_WindowOp : Mk_Op<"window", [RecursivelySpeculatable, AttrSizedOperandSegments,
                                   DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Fold over windows of one image, each channel on its own, with a scalar epilogue; some of its places";
  let description = [{
    Over the domain (e..., c), that of `init`, whose row e_0 is number `first` + e_0 of the whole result:

        acc[e, c] = start, then combine(acc, image[e * strides + k * dilations - pads_low, c], weights[k, c]...)
                    for each k of the window, in order, whose place lies in the image
        init[e, c] = payload(acc, extras[extra_maps]...)

    `image` is [d..., c], `weights` (any number of them) are [k..., c], all with contiguous channels. `maps` are those of the
    extras, each result a dim of (e..., c) or 0. The payload is that of mk.brgemm, and `combine` is like it: it takes the
    accumulator, an element of the image, and one of each of the weights.
  }];
  let arguments = (ins AnyStridedMemRef:$image, Variadic<AnyStridedMemRef>:$weights, Variadic<AnyStridedMemRef>:$extras,
                       AnyStridedMemRef:$init, Index:$first, TypedAttrInterface:$start, AffineMapArrayAttr:$maps,
                       DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$pads_low);
  let regions = (region SizedRegion<1>:$combine, SizedRegion<1>:$payload);
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let assemblyFormat = [{
    `ins` `(` $image (`,` `weights` $weights^)? `:` type($image) (`,` type($weights)^)? `)`
    (`extras` `(` $extras^ `:` type($extras) `)`)? `outs` `(` $init `:` type($init) `)` `first` $first `start` $start
    `maps` $maps `window` $window `strides` $strides `dilations` $dilations `pads` $pads_low attr-dict-with-keyword
    $combine `then` $payload
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$image, "::mlir::ValueRange":$weights, "::mlir::ValueRange":$extras,
      "::mlir::Value":$init, "::mlir::Value":$first, "::mlir::TypedAttr":$start,
      "::mlir::ArrayRef<::mlir::AffineMap>":$maps, "::dlc::mk::WindowAttributes":$window,
      "::dlc::mk::PayloadBuilder":$combine, "::dlc::mk::PayloadBuilder":$payload)>
  ];
  let extraClassDeclaration = [{
    unsigned getSpatialRank() { return getWindow().size(); }
    ::mlir::AffineMap getExtraMap(unsigned i) { return ::llvm::cast<::mlir::AffineMapAttr>(getMaps()[i]).getValue(); }
    ::mlir::Type getAccumulatorType() { return getStart().getType(); }
  }];
}

def Mk_PackOp : Mk_Op<"pack", Mk_KernelTraits> {
  let summary = "Copy a right operand into panels of columns";
  let description = [{
    Over the domain (b..., p, k), all parallel, for j in [0, W):

        init[b, p, k, j] = source[map(b, k, p * W + j)], and 0 where p * W + j is not below N

    `map` takes (b..., k, n) to the source's indices: dims, each at most once and k and n among them, or the constant
    0. A row-major operand is (k, n) -> (k, n), a transposed one (k, n) -> (n, k). `init` is `[b..., ceil(N/W), K, W]`.

    ```mlir
    %p = mk.pack ins(%b : tensor<64x100xf32>) outs(%e : tensor<4x64x32xf32>) map affine_map<(k, n) -> (k, n)>
        -> tensor<4x64x32xf32>
    ```
  }];
  let arguments = (ins Mk_Shaped:$source, Mk_Shaped:$init, AffineMapAttr:$map);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let hasVerifier = 1;
  let assemblyFormat = [{
    `ins` `(` $source `:` type($source) `)` `outs` `(` $init `:` type($init) `)` `map` $map attr-dict (`->` type($results)^)?
  }];
  let builders = [
    /// A tensor `init` gives one result.
    OpBuilder<(ins "::mlir::Value":$source, "::mlir::Value":$init, "::mlir::AffineMap":$map)>
  ];
  let extraClassDeclaration = [{
    unsigned getBatchRank() { return getMap().getNumDims() - 2; }
    /// Positions in `map`'s domain.
    unsigned getKDim() { return getBatchRank(); }
    unsigned getNDim() { return getBatchRank() + 1; }
    int64_t getPanelColumns() { return ::llvm::cast<::mlir::ShapedType>(getInit().getType()).getShape().back(); }
    /// The source's index that is `dim` of the map's domain.
    unsigned getSourcePosition(unsigned dim);

    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

#endif // DLC_MK_TD
