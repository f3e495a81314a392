#include "compiler/package/Tables.h"
#include "compiler/target/Target.h"
#include "runtime/program.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/LLVMContext.h"
#include <gtest/gtest.h>

using namespace llvm;

namespace {

#define EXPECT_LAYOUT(type, structure, ...)                                                                            \
  do {                                                                                                                 \
    const std::vector<uint64_t> offsets = __VA_ARGS__;                                                                 \
    const StructLayout *layout = dataLayout.getStructLayout(types.type);                                               \
    EXPECT_EQ(layout->getSizeInBytes(), sizeof(structure));                                                            \
    ASSERT_EQ(types.type->getNumElements(), offsets.size());                                                           \
    for (unsigned i = 0; i < offsets.size(); ++i)                                                                      \
      EXPECT_EQ(uint64_t(layout->getElementOffset(i)), offsets[i]) << #structure << " member " << i;                   \
  } while (0)

TEST(Tables, LieInMemoryAsCSaysTheyDo) {
  LLVMContext context;
  dlc::TableTypes types(context);
  DataLayout dataLayout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128");
#define AT(member) offsetof(STRUCT, member)
#define STRUCT dlc_dim
  EXPECT_LAYOUT(dim, dlc_dim, {AT(value), AT(symbol), AT(reserved)});
#undef STRUCT
#define STRUCT dlc_port
  EXPECT_LAYOUT(port, dlc_port, {AT(name), AT(dtype), AT(rank), AT(dims)});
#undef STRUCT
#define STRUCT dlc_function
  EXPECT_LAYOUT(function, dlc_function,
                {AT(name), AT(n_inputs), AT(n_outputs), AT(n_symbols), AT(n_segments), AT(inputs), AT(outputs),
                 AT(symbol_names), AT(symbol_min), AT(symbol_max), AT(entries), AT(segment_bytes), AT(state_access),
                 AT(reserved)});
#undef STRUCT
#define STRUCT dlc_variant
  EXPECT_LAYOUT(variant, dlc_variant, {AT(isa), AT(features)});
#undef STRUCT
#define STRUCT dlc_node
  EXPECT_LAYOUT(node, dlc_node, {AT(id), AT(reserved), AT(name), AT(op), AT(expects)});
#undef STRUCT
#define STRUCT dlc_state
  EXPECT_LAYOUT(state, dlc_state, {AT(name), AT(dtype), AT(rank), AT(dims), AT(bytes), AT(initial)});
#undef STRUCT
#define STRUCT dlc_program
  EXPECT_LAYOUT(program, dlc_program,
                {AT(abi), AT(n_functions), AT(n_variants), AT(n_nodes), AT(n_states), AT(reserved), AT(name),
                 AT(functions), AT(variants), AT(nodes), AT(states)});
#undef STRUCT
#define STRUCT dlc_description
  EXPECT_LAYOUT(description, dlc_description,
                {AT(struct_size), AT(abi), AT(n_functions), AT(name), AT(json), AT(functions), AT(open), AT(close),
                 AT(variant), AT(session_new), AT(session_free), AT(call), AT(last_error), AT(status_text),
                 AT(pool_new), AT(pool_free), AT(get_state), AT(set_state), AT(set_profile)});
#undef STRUCT
}

/// The compiler writes these bits into the table, the runtime tests them at open.
TEST(Tables, FeatureBitsAreTheSameOnBothSides) {
#define EXPECT_BIT(ours, theirs) EXPECT_EQ(uint64_t(dlc::CpuFeature::ours), theirs)
  EXPECT_BIT(Sse42, DLC_CPU_SSE42);
  EXPECT_BIT(Popcnt, DLC_CPU_POPCNT);
  EXPECT_BIT(Avx, DLC_CPU_AVX);
  EXPECT_BIT(Avx2, DLC_CPU_AVX2);
  EXPECT_BIT(Fma, DLC_CPU_FMA);
  EXPECT_BIT(F16c, DLC_CPU_F16C);
  EXPECT_BIT(Bmi, DLC_CPU_BMI);
  EXPECT_BIT(Bmi2, DLC_CPU_BMI2);
  EXPECT_BIT(Lzcnt, DLC_CPU_LZCNT);
  EXPECT_BIT(Movbe, DLC_CPU_MOVBE);
  EXPECT_BIT(Avx512f, DLC_CPU_AVX512F);
  EXPECT_BIT(Avx512cd, DLC_CPU_AVX512CD);
  EXPECT_BIT(Avx512bw, DLC_CPU_AVX512BW);
  EXPECT_BIT(Avx512dq, DLC_CPU_AVX512DQ);
  EXPECT_BIT(Avx512vl, DLC_CPU_AVX512VL);
  EXPECT_BIT(Avx512vnni, DLC_CPU_AVX512VNNI);
  EXPECT_BIT(Avx512bf16, DLC_CPU_AVX512BF16);
  EXPECT_BIT(Avx512fp16, DLC_CPU_AVX512FP16);
  EXPECT_BIT(Avx512vbmi, DLC_CPU_AVX512VBMI);
  EXPECT_BIT(Avx512vbmi2, DLC_CPU_AVX512VBMI2);
  EXPECT_BIT(Avx512ifma, DLC_CPU_AVX512IFMA);
  EXPECT_BIT(Avx512bitalg, DLC_CPU_AVX512BITALG);
  EXPECT_BIT(Avx512vpopcntdq, DLC_CPU_AVX512VPOPCNTDQ);
  EXPECT_BIT(Gfni, DLC_CPU_GFNI);
  EXPECT_BIT(AvxVnni, DLC_CPU_AVXVNNI);
  EXPECT_BIT(AmxTile, DLC_CPU_AMX_TILE);
  EXPECT_BIT(AmxInt8, DLC_CPU_AMX_INT8);
  EXPECT_BIT(AmxBf16, DLC_CPU_AMX_BF16);
}

} // namespace
