//===- Mutate.cpp ---------------------------------------------------------===//

#include "test/import/Mutate.h"
#include "onnx-ml.pb.h"
#include <google/protobuf/descriptor.h>

namespace dlc::test {
namespace {
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Random = std::mt19937_64;

size_t below(Random &random, size_t count) { return count ? random() % count : 0; }

int64_t oddNumber(Random &random) {
  constexpr int64_t numbers[] = {0,
                                 1,
                                 -1,
                                 2,
                                 7,
                                 9,
                                 16,
                                 64,
                                 65,
                                 255,
                                 1 << 20,
                                 INT32_MAX,
                                 INT32_MIN,
                                 INT64_MAX,
                                 INT64_MIN,
                                 int64_t(1) << 40,
                                 int64_t(1) << 62};
  return numbers[below(random, std::size(numbers))];
}

void collectMessages(Message &message, std::vector<Message *> &messages, std::vector<std::string> &strings) {
  messages.push_back(&message);
  const Reflection *reflection = message.GetReflection();
  std::vector<const FieldDescriptor *> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor *field : fields) {
    int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
        collectMessages(field->is_repeated() ? *reflection->MutableRepeatedMessage(&message, field, i)
                                             : *reflection->MutableMessage(&message, field),
                        messages, strings);
      else if (field->type() == FieldDescriptor::TYPE_STRING)
        strings.push_back(field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                               : reflection->GetString(message, field));
    }
  }
}

/// Sets a field, or an element of it (a new one at the end when `index` is its size).
void setScalar(Message &message, const FieldDescriptor *field, int index, Random &random,
               const std::vector<std::string> &strings) {
  const Reflection *r = message.GetReflection();
  bool isRepeated = field->is_repeated(), isNew = isRepeated && index == r->FieldSize(message, field);
#define SET(TYPE, VALUE)                                                                                               \
  isNew        ? r->Add##TYPE(&message, field, VALUE)                                                                  \
  : isRepeated ? r->SetRepeated##TYPE(&message, field, index, VALUE)                                                   \
               : r->Set##TYPE(&message, field, VALUE)
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT32:
    return SET(Int32, static_cast<int32_t>(oddNumber(random)));
  case FieldDescriptor::CPPTYPE_INT64:
    return SET(Int64, oddNumber(random));
  case FieldDescriptor::CPPTYPE_UINT64:
    return SET(UInt64, static_cast<uint64_t>(oddNumber(random)));
  case FieldDescriptor::CPPTYPE_FLOAT:
    return SET(Float, static_cast<float>(oddNumber(random)));
  case FieldDescriptor::CPPTYPE_DOUBLE:
    return SET(Double, static_cast<double>(oddNumber(random)));
  case FieldDescriptor::CPPTYPE_ENUM:
    return SET(EnumValue, static_cast<int>(below(random, 24)));
  case FieldDescriptor::CPPTYPE_STRING:
    return SET(String, below(random, 8) ? strings[below(random, strings.size())] : std::string(below(random, 40), 'x'));
  default:
    return;
  }
#undef SET
}

void mutateField(Message &message, Random &random, const std::vector<std::string> &strings) {
  const Reflection *r = message.GetReflection();
  const auto *type = message.GetDescriptor();
  if (type->field_count() == 0)
    return;
  const FieldDescriptor *field = type->field(static_cast<int>(below(random, type->field_count())));
  bool isMessage = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (!field->is_repeated()) {
    if (below(random, 4) == 0)
      r->ClearField(&message, field);
    else if (isMessage)
      r->MutableMessage(&message, field);
    else
      setScalar(message, field, 0, random, strings);
    return;
  }
  int count = r->FieldSize(message, field);
  int index = static_cast<int>(below(random, count));
  switch (below(random, 5)) {
  case 0:
    if (count > 0)
      r->RemoveLast(&message, field);
    return;
  case 1:
    if (count > 1)
      r->SwapElements(&message, field, index, static_cast<int>(below(random, count)));
    return;
  case 2:
    if (isMessage) {
      Message *copy = r->AddMessage(&message, field);
      if (count > 0)
        copy->CopyFrom(r->GetRepeatedMessage(message, field, index));
      return;
    }
    return setScalar(message, field, count, random, strings);
  default:
    if (!isMessage && count > 0)
      setScalar(message, field, index, random, strings);
  }
}
} // namespace

std::string mutateBytes(std::string bytes, Random &random) {
  for (size_t changes = 1 + below(random, 4); changes > 0 && !bytes.empty(); --changes) {
    size_t at = below(random, bytes.size()), length = below(random, std::min<size_t>(bytes.size() - at, 64));
    switch (below(random, 6)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
      break;
    case 1:
      bytes[at] = static_cast<char>(random());
      break;
    case 2:
      bytes.erase(at, length);
      break;
    case 3:
      bytes.insert(below(random, bytes.size()), bytes.substr(at, length));
      break;
    case 4:
      bytes.replace(at, 0, std::string(1 + below(random, 10), '\xff'));
      break;
    case 5:
      bytes.resize(at);
      break;
    }
  }
  return bytes;
}

void mutateFields(onnx::ModelProto &model, Random &random) {
  for (size_t changes = 1 + below(random, 3); changes > 0; --changes) {
    std::vector<Message *> messages;
    std::vector<std::string> strings = {"", "..", "ai.onnx", "/etc/passwd"};
    collectMessages(model, messages, strings);
    mutateField(*messages[below(random, messages.size())], random, strings);
  }
}

} // namespace dlc::test
