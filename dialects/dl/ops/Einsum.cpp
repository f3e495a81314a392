//===- Einsum.cpp - Einstein sums as transposes, products and sums --------===//
#include "dialects/dl/ops/Demand.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc::dl {

namespace {

/// Letters as characters; the dims of an ellipsis counted from its right end, from here on.
constexpr int firstEllipsis = 256;
using Labels = SmallVector<int>;

/// A tensor whose dims carry labels, each once.
struct Term {
  Tensor t;
  Labels labels;
  int64_t axisOf(int label) const { return llvm::find(labels, label) - labels.begin(); }
  bool has(int label) const { return llvm::is_contained(labels, label); }
};

class Einsum {
public:
  explicit Einsum(NodeView &n) : n(n) {}

  Tensor build() {
    if (failed(parse()))
      return {};
    Term sum = terms[0];
    for (size_t i = 1; i < terms.size(); ++i)
      sum = product(sum, terms[i], i);
    return arrange(sumOut(sum, output), output);
  }

private:
  NodeView &n;
  SmallVector<Term> terms;
  Labels output;

  //===--------------------------------------------------------------------===//
  // The equation
  //===--------------------------------------------------------------------===//

  /// One term's labels; `rank` is that of its operand, or -1 for the output, whose ellipsis has `most` dims.
  FailureOr<Labels> parseTerm(StringRef text, int64_t rank, int64_t most) {
    Labels labels;
    while (!text.empty()) {
      if (text.consume_front("...")) {
        int64_t letters = llvm::count_if(labels, [](int l) { return l < firstEllipsis; }) + text.size();
        int64_t dims = rank < 0 ? most : rank - letters;
        for (int64_t i = dims; i-- > 0;)
          labels.push_back(firstEllipsis + i);
        continue;
      }
      if (!llvm::isAlpha(text.front()))
        return n.error("expects letters, commas, '...' and '->' in the equation, got '" + Twine(text.take_front()) + "'");
      labels.push_back(text.front());
      text = text.drop_front();
    }
    if (rank >= 0 && static_cast<int64_t>(labels.size()) != rank)
      return n.error("expects a label for each of the " + Twine(rank) + " dims of an operand, got " + Twine(labels.size()));
    return labels;
  }

  LogicalResult parse() {
    std::string equation = n.getString("equation").value_or("").str();
    llvm::erase(equation, ' ');
    auto [left, right] = StringRef(equation).split("->");
    SmallVector<StringRef> parts;
    left.split(parts, ',');
    if (parts.size() != n.numInputs())
      return n.error("expects an operand for each of the " + Twine(parts.size()) + " terms of the equation, got " +
                     Twine(n.numInputs()));
    int64_t ellipsis = 0;
    SmallVector<int> letters; // of all terms, with repetitions
    for (auto [i, text] : llvm::enumerate(parts)) {
      Tensor t = inputOf(n, i);
      FailureOr<Labels> labels = t ? parseTerm(text, t.rank(), 0) : FailureOr<Labels>(failure());
      if (failed(labels))
        return failure();
      for (int l : *labels)
        if (l < firstEllipsis)
          letters.push_back(l);
        else
          ellipsis = std::max<int64_t>(ellipsis, l - firstEllipsis + 1);
      terms.push_back(diagonal({t, *labels}));
      if (!terms.back().t)
        return failure();
    }
    if (StringRef(equation).contains("->")) {
      FailureOr<Labels> labels = parseTerm(right, -1, ellipsis);
      if (failed(labels))
        return failure();
      output = *labels;
      for (auto [i, l] : llvm::enumerate(output))
        if (llvm::count(output, l) > 1 || (l < firstEllipsis && !llvm::is_contained(letters, l)))
          return n.error("expects each label of the output once, and in a term before");
      return success();
    }
    // Implicit: the ellipsis, then the letters that occur once, in alphabetical order.
    for (int64_t i = ellipsis; i-- > 0;)
      output.push_back(firstEllipsis + i);
    llvm::sort(letters);
    for (int l : letters)
      if (llvm::count(letters, l) == 1)
        output.push_back(l);
    return success();
  }

  //===--------------------------------------------------------------------===//
  // Terms
  //===--------------------------------------------------------------------===//

  /// A label twice in one term: the elements where both places are equal, summed over the second.
  Term diagonal(Term term) {
    for (size_t j = 1; j < term.labels.size();) {
      size_t i = llvm::find(term.labels, term.labels[j]) - term.labels.begin();
      if (i == j) {
        ++j;
        continue;
      }
      if (failed(demandEqual(dimsAt(term.t, {static_cast<int64_t>(i)}), dimsAt(term.t, {static_cast<int64_t>(j)}),
                             "dims of one label to be equal")))
        return {{}, term.labels};
      Tensor same = placesAlong(term.t, i) == placesAlong(term.t, j);
      term.t = reduceSum(select(same, term.t, 0.0), {static_cast<int64_t>(j)}, /*keepDims=*/false);
      term.labels.erase(term.labels.begin() + j);
    }
    return term;
  }

  /// Sums over the labels that are not in `kept`.
  Term sumOut(Term term, ArrayRef<int> kept) {
    SmallVector<int64_t> axes;
    Labels left;
    for (auto [i, l] : llvm::enumerate(term.labels))
      if (llvm::is_contained(kept, l))
        left.push_back(l);
      else
        axes.push_back(i);
    return axes.empty() ? term : Term{reduceSum(term.t, axes, false), left};
  }

  /// The dims in the order of `labels`, which name all of them.
  Tensor arrange(const Term &term, ArrayRef<int> labels) {
    SmallVector<int64_t> permutation;
    for (int l : labels)
      permutation.push_back(term.axisOf(l));
    return llvm::is_sorted(permutation) ? term.t : transpose(term.t, permutation);
  }

  /// The dims of `labels` multiplied, as a 1-D tensor of one element.
  Tensor extent(const Term &term, ArrayRef<int> labels) {
    SmallVector<int64_t> axes;
    for (int l : labels)
      axes.push_back(term.axisOf(l));
    return reduceProd(dimsAt(term.t, axes), {0});
  }
  Tensor extents(const Term &term, ArrayRef<int> labels) {
    SmallVector<int64_t> axes;
    for (int l : labels)
      axes.push_back(term.axisOf(l));
    return dimsAt(term.t, axes);
  }

  /// The product of `a` with operand `next`, summed over what neither the output nor a later operand needs: a matrix
  /// product [batch, rows, sum] [batch, sum, columns], where a batch dim may be 1 on one side.
  Term product(Term a, Term b, size_t next) {
    Labels needed = output;
    for (const Term &later : ArrayRef<Term>(terms).drop_front(next + 1))
      needed.append(later.labels);
    auto both = [&](const Term &other) {
      Labels kept = needed;
      kept.append(other.labels);
      return kept;
    };
    a = sumOut(a, both(b));
    b = sumOut(b, both(a));
    Labels batch, rows, columns, summed;
    for (int l : a.labels)
      (!b.has(l) ? rows : llvm::is_contained(needed, l) ? batch : summed).push_back(l);
    for (int l : b.labels)
      if (!a.has(l))
        columns.push_back(l);
    auto joined = [](std::initializer_list<Labels> lists) {
      Labels all;
      for (const Labels &l : lists)
        all.append(l);
      return all;
    };
    Tensor left = reshape(arrange(a, joined({batch, rows, summed})),
                          concat({extents(a, batch), extent(a, rows), extent(a, summed)}, 0));
    Tensor right = reshape(arrange(b, joined({batch, summed, columns})),
                           concat({extents(b, batch), extent(b, summed), extent(b, columns)}, 0));
    Tensor shape = concat({maximum(extents(a, batch), extents(b, batch)), extents(a, rows), extents(b, columns)}, 0);
    return {reshape(matmul(left, right), shape), joined({batch, rows, columns})};
  }
};

} // namespace

static LogicalResult buildEinsum(NodeView &n, Values &results) {
  if (n.numInputs() == 0 || failed(expectSameTypes(n, 0, n.numInputs())))
    return n.error("expects at least one operand, all of one type");
  return give(results, Einsum(n).build());
}

void appendEinsumForms(SmallVectorImpl<OnnxForm> &forms) { forms.push_back({"", "Einsum", 12, buildEinsum}); }

} // namespace dlc::dl
