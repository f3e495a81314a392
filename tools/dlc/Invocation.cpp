//===- Invocation.cpp -----------------------------------------------------===//
#include "tools/dlc/Invocation.h"

#include "tools/dlc/Inputs.h"
#include "tools/dlc/Outcome.h"

using namespace llvm;

namespace dlc {

std::optional<Invocation> Invocation::prepare(const InvocationArguments &arguments, bool randomByDefault,
                                              Outcome &outcome, int &exit) {
  std::optional<LoadedModel> loaded = loadModel(arguments.compile, outcome, exit);
  if (!loaded)
    return std::nullopt;
  auto fail = [&](Error error) {
    exit = outcome.fail(ExitCode::Usage, std::move(error));
    return std::nullopt;
  };
  Expected<int32_t> index = loaded->library->find(arguments.function);
  if (!index)
    return fail(index.takeError());
  Expected<std::map<std::string, int64_t>> symbols = parseDims(arguments.compile.dims);
  if (!symbols)
    return fail(symbols.takeError());
  auto inputs = gatherInputs(loaded->library->functions()[*index], arguments.inputs, randomByDefault, arguments.seed,
                             *symbols);
  if (!inputs)
    return fail(inputs.takeError());
  return Invocation{std::move(*loaded), *index, std::move(*symbols), std::move(*inputs)};
}

} // namespace dlc
