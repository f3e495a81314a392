//===- Control.cpp - Branches and loops while they run --------------------===//
#include "runtime/Error.h"
#include "runtime/Session.h"
#include <string.h>

using namespace dlc::runtime;

namespace {
/// The words that describe one value.
struct Described {
  int64_t *words;

  void *data() const { return reinterpret_cast<void *>(words[0]); }
  void setData(void *data) const { words[0] = reinterpret_cast<int64_t>(data); }
  void setSegment(int64_t segment) const { words[0] = segment; }
  int64_t *dims() const { return words + 1; }

  /// Of an element of `width` bytes; every product was found to fit when the value was made.
  int64_t bytes(int32_t rank, int32_t width) const {
    int64_t product = width;
    for (int32_t i = 0; i < rank; ++i)
      product *= dims()[i];
    return product;
  }
};

/// See dlc_rt_loop.
class Loop {
public:
  Loop(dlc_context *context, const int32_t *table, void **inputs, int64_t *symbols, int64_t *results, int64_t *turn)
      : context(context), carried(table[0]), stacks(table[1]), symbolCount(table[2]), segment(table[3]), node(table[4]),
        ranks(table + 5), widths(ranks + carried + stacks), sources(widths + carried + stacks), inputs(inputs),
        symbols(symbols), results(results), turn(turn) {}

  int32_t run(dlc_body body, int64_t trips, int64_t condition) {
    int64_t turns = 0;
    uint8_t goesOn = condition != 0;
    for (; turns < trips && goesOn; ++turns) {
      int64_t number = turns;
      inputs[0] = &number;
      inputs[1] = &goesOn;
      prepare(turns);
      if (int32_t status = body(context, inputs, symbols, turn))
        return status;
      // What kernels report: their results would only mislead the condition.
      if (int32_t status = dlc_rt_status(context))
        return status;
      if (!collect(turns))
        return dlc_rt_status(context);
      goesOn = *static_cast<const uint8_t *>(Described{turn}.data());
    }
    return finish(turns);
  }

private:
  // Segments: the condition; two for each carried value, so that a turn never writes what it reads; for each stack one
  // for its element and one for all of them.
  int64_t carriedSegment(int32_t i, int64_t turns) const { return segment + 1 + 2 * i + (turns & 1); }
  int64_t elementSegment(int32_t i) const { return segment + 1 + 2 * (carried + i); }
  Block &stackBlock(int32_t i) const { return context->segments[elementSegment(i) + 1]; }

  void prepare(int64_t turns) {
    Described{turn}.setSegment(segment);
    int64_t *next = turn + 1;
    for (int32_t i = 0; i < carried + stacks; ++i) {
      const bool isStack = i >= carried;
      Described{next}.setSegment(isStack ? elementSegment(i - carried) : carriedSegment(i, turns));
      next += 1 + ranks[i] - isStack;
    }
  }

  /// Takes over what a turn gave.
  bool collect(int64_t turns) {
    int64_t *from = turn + 1, *to = results;
    for (int32_t i = 0; i < carried; ++i) {
      memcpy(to, from, size_t(1 + ranks[i]) * sizeof *to);
      inputs[2 + i] = Described{to}.data();
      from += 1 + ranks[i];
      to += 1 + ranks[i];
    }
    for (int32_t i = 0; i < symbolCount; ++i)
      if (sources[i] >= 0)
        symbols[i] = carriedDim(sources[i]);
    for (int32_t i = 0; i < stacks; ++i) {
      const int32_t rank = ranks[carried + i];
      if (!push(i, Described{from}, Described{to}, turns))
        return false;
      from += rank;
      to += 1 + rank;
    }
    return true;
  }

  /// Dim number `place` of all carried values in a row.
  int64_t carriedDim(int32_t place) const {
    const int64_t *words = results;
    for (int32_t i = 0;; ++i) {
      if (place < ranks[i])
        return words[1 + place];
      place -= ranks[i];
      words += 1 + ranks[i];
    }
  }

  /// Appends an element to a stack.
  bool push(int32_t i, Described element, Described stack, int64_t turns) {
    const int32_t rank = ranks[carried + i] - 1;
    if (turns > 0 && memcmp(element.dims(), stack.dims() + 1, size_t(rank) * sizeof(int64_t))) {
      dlc_rt_fail(context, DLC_SHAPE_MISMATCH, node);
      return false;
    }
    memcpy(stack.dims() + 1, element.dims(), size_t(rank) * sizeof(int64_t));
    const int64_t bytes = element.bytes(rank, widths[carried + i]);
    int64_t used, needed;
    void *all = nullptr;
    if (!__builtin_mul_overflow(bytes, turns, &used) && !__builtin_add_overflow(used, bytes, &needed))
      all = stackBlock(i).extend(context->allocator(), size_t(used), size_t(needed));
    if (!all) {
      if (context->fail(DLC_OUT_OF_MEMORY))
        context->text() << "out of memory: the stacked results of a loop, after " << turns << " turns";
      return false;
    }
    memcpy(static_cast<char *>(all) + used, element.data(), size_t(bytes));
    return true;
  }

  int32_t finish(int64_t turns) {
    int64_t *words = results;
    for (int32_t i = 0; i < carried + stacks; ++i) {
      Described result{words};
      if (i >= carried) {
        Block &all = stackBlock(i - carried);
        result.dims()[0] = turns;
        result.setData(all.extend(context->allocator(), 0, 0));
      } else if (turns == 0) {
        // The start value is another's memory, which may serve others once the loop is over.
        const int64_t bytes = result.bytes(ranks[i], widths[i]);
        result.setData(dlc_rt_block(context, int32_t(carriedSegment(i, 0)), bytes));
        if (result.data())
          memcpy(result.data(), inputs[2 + i], size_t(bytes));
      }
      if (!result.data())
        return context->fail(DLC_OUT_OF_MEMORY), dlc_rt_status(context);
      words += 1 + ranks[i];
    }
    return DLC_OK;
  }

  dlc_context *context;
  const int32_t carried, stacks, symbolCount, segment, node;
  const int32_t *ranks, *widths, *sources;
  void **inputs;
  int64_t *symbols, *results, *turn;
};
} // namespace

extern "C" void *dlc_rt_result(dlc_context *context, int64_t *result, int32_t rank, const int64_t *dims,
                               int64_t bytes) {
  void *data = dlc_rt_block(context, int32_t(result[0]), bytes);
  result[0] = reinterpret_cast<int64_t>(data);
  for (int32_t i = 0; i < rank; ++i)
    result[1 + i] = dims[i];
  return data;
}

extern "C" int32_t dlc_rt_loop(dlc_context *context, dlc_body body, const int32_t *table, int64_t trips,
                               int64_t condition, void **inputs, int64_t *symbols, int64_t *results, int64_t *turn) {
  return Loop(context, table, inputs, symbols, results, turn).run(body, trips, condition);
}
