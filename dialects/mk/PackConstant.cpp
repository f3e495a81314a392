//===- PackConstant.cpp - Panels of a constant right operand --------------===//
#include "dialects/mk/Dialect.h"
#include <cassert>
#include <cstring>

void dlc::mk::packConstant(llvm::ArrayRef<char> source, llvm::MutableArrayRef<char> packed, int64_t batch, int64_t K,
                           int64_t N, int64_t columns, unsigned elementBytes, bool transposed) {
  const int64_t panels = (N + columns - 1) / columns;
  assert(int64_t(source.size()) == batch * K * N * elementBytes && "source of another size");
  assert(int64_t(packed.size()) == batch * panels * K * columns * elementBytes && "packed of another size");
  const int64_t kStride = (transposed ? 1 : N) * elementBytes;
  const int64_t nStride = (transposed ? K : 1) * elementBytes;
  char *to = packed.data();
  for (int64_t b = 0; b < batch; ++b) {
    const char *matrix = source.data() + b * K * N * elementBytes;
    for (int64_t p = 0; p < panels; ++p) {
      const int64_t present = std::min(columns, N - p * columns);
      for (int64_t k = 0; k < K; ++k, to += columns * elementBytes) {
        const char *from = matrix + k * kStride + p * columns * nStride;
        if (transposed)
          for (int64_t j = 0; j < present; ++j)
            std::memcpy(to + j * elementBytes, from + j * nStride, elementBytes);
        else
          std::memcpy(to, from, present * elementBytes);
        std::memset(to + present * elementBytes, 0, (columns - present) * elementBytes);
      }
    }
  }
}
