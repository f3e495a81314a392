//===- Library.cpp - A compiled model, driven through its ABI ---*- C++ -*-===//
#include "tools/dlc/Library.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include <dlfcn.h>

using namespace llvm;

namespace dlc {

static constexpr int32_t maxRank = 32;

std::string Port::typeText() const {
  return (type->name + "[" + join(map_range(dims, [](const PortDim &d) {
                                    return d.size ? std::to_string(*d.size) : d.symbol.empty() ? "?" : d.symbol;
                                  }), ",") + "]").str();
}

Expected<std::vector<int64_t>> Port::sizes(const std::map<std::string, int64_t> &symbols) const {
  std::vector<int64_t> sizes;
  for (const PortDim &dim : dims) {
    auto symbol = symbols.find(dim.symbol);
    if (dim.size)
      sizes.push_back(*dim.size);
    else if (symbol != symbols.end())
      sizes.push_back(symbol->second);
    else
      return createStringError("input '" + name + "' is " + typeText() + ": give --dim " + dim.symbol + "=SIZE");
  }
  return sizes;
}

std::optional<int64_t> LibraryFunction::flopsFor(const std::map<std::string, int64_t> &symbols) const {
  return flops.at([&](StringRef name) -> std::optional<int64_t> {
    auto value = symbols.find(name.str());
    return value == symbols.end() ? std::nullopt : std::optional(value->second);
  });
}

//===- Loading ------------------------------------------------------------===//

/// The one exported name that ends in _describe.
static Expected<std::string> findDescribe(StringRef path) {
  auto binary = object::ObjectFile::createObjectFile(path);
  if (!binary)
    return joinErrors(createStringError(path + ": not a shared library"), binary.takeError());
  auto *elf = dyn_cast<object::ELFObjectFileBase>(binary->getBinary());
  if (!elf)
    return createStringError(path + ": not an ELF shared library");
  std::vector<std::string> found;
  for (object::ELFSymbolRef symbol : elf->getDynamicSymbolIterators()) {
    Expected<StringRef> name = symbol.getName();
    Expected<uint32_t> flags = symbol.getFlags();
    if (name && flags && !(*flags & object::SymbolRef::SF_Undefined) && name->ends_with("_describe"))
      found.push_back(name->str());
    consumeError(name.takeError());
    consumeError(flags.takeError());
  }
  if (found.size() != 1)
    return createStringError(path + ": not made by `dlc compile`: it exports " + Twine(found.size()) +
                             " functions *_describe");
  return found.front();
}

static bool readPort(const json::Value &value, Port &port) {
  const json::Object *object = value.getAsObject();
  const json::Array *dims = object ? object->getArray("dims") : nullptr;
  std::optional<StringRef> name = object ? object->getString("name") : std::nullopt;
  std::optional<StringRef> type = object ? object->getString("dtype") : std::nullopt;
  if (!dims || !name || !type || !(port.type = DType::ofName(*type)))
    return false;
  port.name = name->str();
  for (const json::Value &dim : *dims)
    port.dims.push_back({dim.getAsInteger(), dim.getAsString().value_or("").str()});
  return true;
}

static bool readFunction(const json::Value &value, LibraryFunction &function) {
  const json::Object *object = value.getAsObject();
  if (!object || !object->getString("name") || !object->getArray("inputs") || !object->getArray("outputs"))
    return false;
  function.name = object->getString("name")->str();
  for (const json::Value &port : *object->getArray("inputs"))
    if (!readPort(port, function.inputs.emplace_back()))
      return false;
  for (const json::Value &port : *object->getArray("outputs"))
    if (!readPort(port, function.outputs.emplace_back()))
      return false;
  if (const json::Value *flops = object->get("flops"))
    function.flops = Amount(*flops);
  return true;
}

/// Says less of launches that it cannot read.
static std::map<int32_t, LibraryLaunch> readLaunches(const json::Object *work) {
  std::map<int32_t, LibraryLaunch> launches;
  const json::Object *kernels = work ? work->getObject("kernels") : nullptr;
  if (!kernels || !work->getArray("launches"))
    return launches;
  for (const json::Value &value : *work->getArray("launches")) {
    const json::Object *object = value.getAsObject();
    if (!object || !object->getInteger("node"))
      continue;
    LibraryLaunch &launch = launches[static_cast<int32_t>(*object->getInteger("node"))];
    launch.kernel = object->getString("kernel").value_or("").str();
    launch.ops = object->getString("ops").value_or("").str();
    if (const json::Array *nodes = object->getArray("nodes"))
      for (const json::Value &node : *nodes)
        launch.nodes.push_back(node.getAsString().value_or("").str());
    if (const json::Object *kernel = kernels->getObject(launch.kernel)) {
      for (auto [name, amount] : {std::pair("flops", &launch.flops), std::pair("bytes", &launch.bytes)})
        if (const json::Value *known = kernel->get(name))
          *amount = Amount(*known);
    }
  }
  return launches;
}

Error Library::readDescription(StringRef path) {
  if (abi_->abi != DLC_ABI)
    return createStringError(path + ": has ABI " + Twine(abi_->abi) + ", this dlc knows " + Twine(DLC_ABI));
  Expected<json::Value> parsed = json::parse(abi_->json);
  if (!parsed)
    return parsed.takeError();
  const json::Object *object = parsed->getAsObject();
  const json::Array *functions = object ? object->getArray("functions") : nullptr;
  if (!functions || static_cast<int32_t>(functions->size()) != abi_->n_functions)
    return createStringError(path + ": its description has no functions");
  for (const json::Value &value : *functions)
    if (!readFunction(value, functions_.emplace_back()))
      return createStringError(path + ": its description of a function cannot be read");
  launches_ = readLaunches(object->getObject("work"));
  return Error::success();
}

Expected<std::unique_ptr<Library>> Library::open(StringRef path) {
  Expected<std::string> describe = findDescribe(path);
  if (!describe)
    return describe.takeError();
  // dlopen searches the system's folders for a name without a slash.
  SmallString<128> absolute(path);
  if (std::error_code ec = sys::fs::make_absolute(absolute))
    return createStringError(path + ": " + ec.message());
  std::unique_ptr<Library> library(new Library);
  library->handle_ = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library->handle_)
    return createStringError(path + ": " + dlerror());
  auto function = reinterpret_cast<const dlc_description *(*)()>(dlsym(library->handle_, describe->c_str()));
  if (!function || !(library->abi_ = function()))
    return createStringError(path + ": " + *describe + " cannot be called");
  if (Error error = library->readDescription(path))
    return error;
  return library;
}

Library::~Library() {
  if (handle_)
    dlclose(handle_);
}

Expected<int32_t> Library::find(StringRef name) const {
  for (size_t i = 0; i < functions_.size(); ++i)
    if (functions_[i].name == name)
      return static_cast<int32_t>(i);
  return createStringError("no function '" + name + "' in " + abi_->name + "; there are: " +
                           join(map_range(functions_, [](const LibraryFunction &f) { return f.name; }), ", "));
}

bool Library::runs(const std::string &variant) const {
  dlc_options options = DLC_OPTIONS_INIT;
  options.threads = 1;
  options.variant = variant.c_str();
  dlc_model *model = nullptr;
  dlc_status status = abi_->open(&options, &model, nullptr, 0);
  abi_->close(model);
  return status != DLC_UNSUPPORTED_CPU;
}

//===- Running ------------------------------------------------------------===//

Expected<std::unique_ptr<Session>> Session::open(const Library &library, int32_t threads, dlc_pool *pool,
                                                 const std::string &variant) {
  std::unique_ptr<Session> session(new Session(library));
  dlc_options options = DLC_OPTIONS_INIT;
  options.threads = threads;
  options.pool = pool;
  options.variant = variant.empty() ? nullptr : variant.c_str();
  char why[512] = "";
  if (library.abi().open(&options, &session->model_, why, sizeof why))
    return createStringError(Twine(library.abi().name) + ": " + why);
  if (dlc_status status = library.abi().session_new(session->model_, &session->session_))
    return createStringError(Twine(library.abi().name) + ": " + library.abi().status_text(status));
  return session;
}

Session::~Session() {
  if (session_)
    library_.abi().session_free(session_);
  if (model_)
    library_.abi().close(model_);
}

Error Session::callInPlace(int32_t function, ArrayRef<HostTensor> inputs) {
  inputs_.clear();
  for (const HostTensor &tensor : inputs)
    // The ABI reads inputs only; C has no way to say so in a struct that serves outputs too.
    inputs_.push_back({const_cast<char *>(tensor.data.data()), tensor.type->code,
                       static_cast<int32_t>(tensor.dims.size()), const_cast<int64_t *>(tensor.dims.data()),
                       static_cast<int64_t>(tensor.data.size())});
  size_t count = library_.functions()[function].outputs.size();
  outputDims_.resize(count);
  outputs_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    outputDims_[i].resize(maxRank);
    outputs_[i] = {nullptr, 0, maxRank, outputDims_[i].data(), 0};
  }
  if (dlc_status status = library_.abi().call(session_, function, inputs_.data(), inputs_.size(), outputs_.data(), count)) {
    StringRef message = library_.abi().last_error(session_);
    return createStringError(message.empty() ? StringRef(library_.abi().status_text(status)) : message);
  }
  return Error::success();
}

bool Session::canProfile() const {
  const dlc_description &abi = library_.abi();
  return abi.struct_size >= offsetof(dlc_description, set_profile) + sizeof abi.set_profile && abi.set_profile;
}

Error Session::setProfile(dlc_profile *profile) {
  const dlc_description &abi = library_.abi();
  if (!canProfile())
    return createStringError(Twine(abi.name) + ": cannot be profiled: compile it again with this dlc");
  dlc_status status = abi.set_profile(session_, profile);
  return status ? createStringError(Twine(abi.name) + ": " + abi.status_text(status)) : Error::success();
}

Error Session::setState(StringRef name, const HostTensor &value) {
  dlc_status status = library_.abi().set_state(model_, name.str().c_str(), value.data.data(), value.data.size());
  return status ? createStringError("state '" + name + "': " + library_.abi().status_text(status)) : Error::success();
}

Error Session::getState(StringRef name, HostTensor &value) {
  dlc_status status = library_.abi().get_state(model_, name.str().c_str(), value.data.data(), value.data.size());
  return status ? createStringError("state '" + name + "': " + library_.abi().status_text(status)) : Error::success();
}

Expected<std::vector<HostTensor>> Session::call(int32_t function, ArrayRef<HostTensor> inputs) {
  if (Error error = callInPlace(function, inputs))
    return error;
  std::vector<HostTensor> results;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    HostTensor &tensor = results.emplace_back();
    tensor.type = DType::ofCode(outputs_[i].dtype);
    tensor.dims.assign(outputDims_[i].begin(), outputDims_[i].begin() + outputs_[i].rank);
    const char *data = static_cast<const char *>(outputs_[i].data);
    tensor.data.assign(data, data + tensor.elements() * tensor.type->bytes);
  }
  return results;
}

} // namespace dlc
