//===- Amount.cpp ---------------------------------------------------------===//
#include "tools/dlc/Amount.h"

#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace llvm;

namespace dlc {

static std::optional<int64_t> evaluate(const json::Value &sum, Amount::Sizes sizes);

/// Divisors are at least 1, as where compiled code computes a dim.
static std::optional<int64_t> combine(StringRef op, int64_t x, int64_t y) {
  if (op == "min")
    return std::min(x, y);
  if (op == "max")
    return std::max(x, y);
  y = std::max<int64_t>(y, 1);
  const int64_t floor = x / y - (x % y < 0);
  if (op == "floordiv")
    return floor;
  if (op == "ceildiv")
    return floor + (x != floor * y);
  if (op == "mod")
    return x - floor * y;
  return std::nullopt;
}

static std::optional<int64_t> factorOf(const json::Value &factor, Amount::Sizes sizes) {
  if (std::optional<int64_t> number = factor.getAsInteger())
    return number;
  if (std::optional<StringRef> name = factor.getAsString())
    return sizes(*name);
  const json::Array *call = factor.getAsArray();
  if (!call || call->size() != 3 || !(*call)[0].getAsString())
    return std::nullopt;
  std::optional<int64_t> x = evaluate((*call)[1], sizes), y = evaluate((*call)[2], sizes);
  return x && y ? combine(*(*call)[0].getAsString(), *x, *y) : std::nullopt;
}

static std::optional<int64_t> evaluate(const json::Value &sum, Amount::Sizes sizes) {
  const json::Array *products = sum.getAsArray();
  if (!products)
    return std::nullopt;
  int64_t total = 0;
  for (const json::Value &product : *products) {
    const json::Array *factors = product.getAsArray();
    if (!factors)
      return std::nullopt;
    int64_t one = 1;
    for (const json::Value &factor : *factors) {
      std::optional<int64_t> number = factorOf(factor, sizes);
      if (!number || MulOverflow(one, *number, one))
        return std::nullopt;
    }
    if (AddOverflow(total, one, total))
      return std::nullopt;
  }
  return total;
}

std::optional<int64_t> Amount::at(Sizes sizes) const { return evaluate(sum, sizes); }

} // namespace dlc
