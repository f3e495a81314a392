//===- Mutate.h - Damages models, for the fuzzer --------------------------===//
#pragma once

#include <random>
#include <string>

namespace onnx {
class ModelProto;
}

namespace dlc::test {

/// Changes a few bytes: flips, cuts, copies, numbers that look like lengths.
std::string mutateBytes(std::string bytes, std::mt19937_64 &random);
/// Changes a few fields, so that the result is well-formed and goes past the scan.
void mutateFields(onnx::ModelProto &model, std::mt19937_64 &random);

} // namespace dlc::test
