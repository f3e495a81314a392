//===- LayoutTransposed.cpp - Layout ops before a transpose ----------------===//
#include "dialects/dl/Dialect.h"

using namespace mlir;

namespace dlc::dl {

Permuted TransposeOp::beforeTranspose(BeforeTranspose &o) {
  Permuted r{o.source(0), {}};
  for (int64_t p : getPermutation())
    r.permutation.push_back(o.axis(p));
  return r;
}

Permuted BroadcastToOp::beforeTranspose(BeforeTranspose &o) {
  bool sameRank = cast<RankedTensorType>(getType()).getRank() == o.rank();
  return o.operand != 0 || !sameRank ? Permuted() : o.same(o.rebuilt({o.source(0), o.entries(getShape())}));
}

Permuted ConcatOp::beforeTranspose(BeforeTranspose &o) {
  SmallVector<Tensor> sources = o.sources();
  if (sources.empty())
    return {};
  return o.same(o.rebuilt(sources, [&](Operation *op) { cast<ConcatOp>(op).setAxis(o.axis(getAxis())); }));
}

Permuted SliceOp::beforeTranspose(BeforeTranspose &o) {
  if (o.operand != 0)
    return {};
  SmallVector<int64_t> axes;
  for (int64_t a : getAxes())
    axes.push_back(o.axis(a));
  return o.same(o.rebuilt({o.source(0), o.untouched(1), o.untouched(2), o.untouched(3)},
                          [&](Operation *op) { cast<SliceOp>(op).setAxes(axes); }));
}

//===----------------------------------------------------------------------===//
// Other dims
//===----------------------------------------------------------------------===//

Permuted SqueezeOp::beforeTranspose(BeforeTranspose &o) {
  SmallVector<int64_t> axes;
  for (int64_t a : getAxes())
    axes.push_back(o.axis(a));
  llvm::sort(axes);
  Permuted r{o.rebuilt({o.source(0)}, [&](Operation *op) { cast<SqueezeOp>(op).setAxes(axes); }), {}};
  for (auto [i, p] : llvm::enumerate(o.permutation))
    if (!llvm::is_contained(getAxes(), static_cast<int64_t>(i)))
      r.permutation.push_back(p - llvm::count_if(axes, [&](int64_t a) { return a < p; }));
  return r;
}

/// The new dims come first, so that the last one stays what it is.
Permuted UnsqueezeOp::beforeTranspose(BeforeTranspose &o) {
  int64_t added = getAxes().size(), next = 0, old = 0;
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, added));
  Permuted r{o.rebuilt({o.source(0)}, [&](Operation *op) { cast<UnsqueezeOp>(op).setAxes(axes); }), {}};
  for (int64_t i = 0; i < o.rank() + added; ++i)
    r.permutation.push_back(llvm::is_contained(getAxes(), i) ? next++ : added + o.axis(old++));
  return r;
}

namespace {
/// Dims [from, to) of the operand are the elements of dims [resultFrom, resultTo) of the result.
struct DimGroup {
  size_t from, to, resultFrom, resultTo;
};
} // namespace

/// How a reshape splits and merges neighbouring dims; empty when that is not known.
static SmallVector<DimGroup> groupsOf(const Dims &x, const Dims &r) {
  SmallVector<DimGroup> groups;
  size_t i = 0, j = 0;
  while (i < x.size() && j < r.size()) {
    DimGroup g{i, i + 1, j, j + 1};
    if (x[i] != r[j]) {
      std::optional<int64_t> left = constantOf(x[i]), right = constantOf(r[j]);
      while (left && right && *left != *right) {
        if (*left < *right)
          left = g.to < x.size() && constantOf(x[g.to]) ? std::optional(*left * *constantOf(x[g.to++])) : std::nullopt;
        else
          right = g.resultTo < r.size() && constantOf(r[g.resultTo]) ? std::optional(*right * *constantOf(r[g.resultTo++]))
                                                                     : std::nullopt;
      }
      if (!left || !right)
        return {};
    }
    groups.push_back(g);
    i = g.to;
    j = g.resultTo;
  }
  for (; i < x.size() && !groups.empty() && constantOf(x[i]) == 1; ++i)
    ++groups.back().to;
  for (; j < r.size() && !groups.empty() && constantOf(r[j]) == 1; ++j)
    ++groups.back().resultTo;
  return i == x.size() && j == r.size() ? groups : SmallVector<DimGroup>();
}

/// Each group's dims are neighbours in the source too. Where they are in another order there, a transpose among them
/// stays before the reshape.
Permuted ReshapeOp::beforeTranspose(BeforeTranspose &o) {
  if (o.operand != 0)
    return {};
  SmallVector<DimGroup> groups = groupsOf(o.shapes.dims(getX()), o.shapes.dims(getResult()));
  if (groups.empty())
    return {};
  auto first = [&](const DimGroup &g) { return *llvm::min_element(o.permutation.slice(g.from, g.to - g.from)); };
  auto last = [&](const DimGroup &g) { return *llvm::max_element(o.permutation.slice(g.from, g.to - g.from)); };
  SmallVector<unsigned> order = llvm::to_vector(llvm::seq<unsigned>(0, groups.size()));
  llvm::sort(order, [&](unsigned a, unsigned b) { return first(groups[a]) < first(groups[b]); });
  SmallVector<int64_t> within, entries;
  for (unsigned g : order) {
    const DimGroup &group = groups[g];
    if (last(group) - first(group) + 1 != static_cast<int64_t>(group.to - group.from))
      return {};
    llvm::append_range(within, o.permutation.slice(group.from, group.to - group.from));
    llvm::append_range(entries, llvm::seq<int64_t>(group.resultFrom, group.resultTo));
  }
  Tensor places = constantInts(o.b, getLoc(), entries);
  Permuted r{o.rebuilt({permute(o.source(0), within), gather(o.untouched(1), places, 0)}),
             SmallVector<int64_t>(entries.size())};
  for (auto [from, to] : llvm::enumerate(entries))
    r.permutation[to] = from;
  return r;
}

} // namespace dlc::dl
