//===- Scan.cpp -----------------------------------------------------------===//

#include "compiler/import/Scan.h"
#include "compiler/import/Wire.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/ConvertUTF.h"
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/wire_format_lite.h>

namespace dlc::importer {
namespace {
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

/// A graph is three messages deeper than the one around it (node, attribute, graph); types nest by themselves.
constexpr unsigned maxMessageDepth = 4 * maxNesting + 32;
/// Names are copied into locations and attributes; no name that a person gave is as long as this.
constexpr size_t maxNameLength = 64 * 1024;

llvm::StringRef describe(WireType type) {
  switch (type) {
  case WireType::Varint:
    return "a varint";
  case WireType::Fixed64:
    return "8 bytes";
  case WireType::Bytes:
    return "a length and bytes";
  case WireType::Fixed32:
    return "4 bytes";
  case WireType::GroupStart:
  case WireType::GroupEnd:
    break;
  }
  return "a group";
}

WireType wireTypeOf(const FieldDescriptor *field) {
  return static_cast<WireType>(
      WireFormatLite::WireTypeForFieldType(static_cast<WireFormatLite::FieldType>(field->type())));
}

bool isTensorData(const FieldDescriptor *field) {
  if (field->containing_type() != onnx::TensorProto::descriptor())
    return false;
  switch (field->number()) {
  case onnx::TensorProto::kFloatDataFieldNumber:
  case onnx::TensorProto::kInt32DataFieldNumber:
  case onnx::TensorProto::kStringDataFieldNumber:
  case onnx::TensorProto::kInt64DataFieldNumber:
  case onnx::TensorProto::kRawDataFieldNumber:
  case onnx::TensorProto::kDoubleDataFieldNumber:
  case onnx::TensorProto::kUint64DataFieldNumber:
    return true;
  }
  return false;
}

/// Documentation, recorded shapes and device placement: nothing that the meaning of a model depends on.
bool isIgnored(const FieldDescriptor *field) {
  llvm::StringRef name = field->name();
  return name == "doc_string" || name == "metadata_props" || name == "value_info" ||
         name == "quantization_annotation" || name == "device_configurations" || name == "configuration";
}

class Scanner {
public:
  Scanner(llvm::ArrayRef<uint8_t> file, Report &report) : file_(file), report_(report) {}

  bool scan(const Descriptor *type, llvm::ArrayRef<uint8_t> message, unsigned depth, unsigned graphs);
  std::string takeSkeleton() { return std::move(skeleton_); }

private:
  struct Field {
    const FieldDescriptor *descriptor; ///< null for one that the format does not know
    WireType wire;
    bool isTensorData, isIgnored;
  };

  bool scanField(const Descriptor *type, WireReader &reader, unsigned depth, unsigned graphs, uint32_t &seen);
  bool scanMessage(const Field &field, llvm::ArrayRef<uint8_t> tag, llvm::ArrayRef<uint8_t> body, unsigned depth,
                   unsigned graphs);
  bool checkScalars(const Field &field, llvm::ArrayRef<uint8_t> bytes);
  const Field &lookup(const Descriptor *type, uint32_t number);
  bool charge(uint64_t bytes, const uint8_t *at);
  bool fail(const uint8_t *at, Code code, const llvm::Twine &message);
  std::string pathTo(const uint8_t *at) const;

  void append(llvm::ArrayRef<uint8_t> bytes) {
    skeleton_.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  }

  llvm::ArrayRef<uint8_t> file_;
  Report &report_;
  std::string skeleton_;
  uint64_t memory_ = 0;
  llvm::DenseMap<std::pair<const Descriptor *, uint32_t>, Field> fields_;
};

bool Scanner::fail(const uint8_t *at, Code code, const llvm::Twine &message) {
  report_.error(report_.file(), code,
                message + " at byte " + llvm::Twine(at - file_.begin()) + " of " + llvm::Twine(file_.size()) + ", in " +
                    pathTo(at));
  return false;
}

/// "graph.node[3].attribute[0]": the messages around a byte, found by walking down once more.
std::string Scanner::pathTo(const uint8_t *at) const {
  std::string path;
  const Descriptor *type = onnx::ModelProto::descriptor();
  WireReader reader(file_);
  llvm::DenseMap<uint32_t, unsigned> counts;
  for (unsigned depth = 0; depth < 16;) {
    uint32_t number;
    WireType wire;
    llvm::ArrayRef<uint8_t> body;
    if (!reader.readTag(number, wire) || (wire == WireType::Bytes ? !reader.readBytes(body) : !reader.skip(wire)))
      break;
    unsigned index = counts[number]++;
    if (reader.position() <= at)
      continue;
    const FieldDescriptor *field = type->FindFieldByNumber(number);
    if (!field || at < body.begin() || body.empty())
      break;
    path += (path.empty() ? "" : ".") + field->name();
    if (field->is_repeated())
      path += "[" + std::to_string(index) + "]";
    if (!field->message_type())
      break;
    type = field->message_type();
    reader = WireReader(body);
    counts.clear();
    ++depth;
  }
  return path.empty() ? "the model" : path;
}

bool Scanner::charge(uint64_t bytes, const uint8_t *at) {
  memory_ += bytes;
  if (memory_ <= maxModelMemory)
    return true;
  return fail(at, Code::TooLarge, "the model without its tensor data would take more than 512 MiB of memory");
}

const Scanner::Field &Scanner::lookup(const Descriptor *type, uint32_t number) {
  auto [it, isNew] = fields_.try_emplace({type, number});
  if (isNew) {
    const FieldDescriptor *field = type->FindFieldByNumber(static_cast<int>(number));
    it->second = field ? Field{field, wireTypeOf(field), isTensorData(field), isIgnored(field)}
                       : Field{nullptr, WireType::Bytes, false, true};
  }
  return it->second;
}

/// Numbers and strings: their own bytes, and packed numbers.
bool Scanner::checkScalars(const Field &field, llvm::ArrayRef<uint8_t> bytes) {
  const FieldDescriptor *descriptor = field.descriptor;
  if (descriptor->type() == FieldDescriptor::TYPE_STRING || descriptor->type() == FieldDescriptor::TYPE_BYTES) {
    auto *begin = reinterpret_cast<const llvm::UTF8 *>(bytes.begin());
    if (descriptor->type() == FieldDescriptor::TYPE_STRING && bytes.size() > maxNameLength)
      return fail(bytes.begin(), Code::TooLarge, "a name has " + llvm::Twine(bytes.size()) + " bytes");
    if (descriptor->type() == FieldDescriptor::TYPE_STRING &&
        !llvm::isLegalUTF8String(&begin, reinterpret_cast<const llvm::UTF8 *>(bytes.end())))
      return fail(bytes.begin(), Code::Malformed, "expected UTF-8 text, found other bytes");
    return charge(48 + bytes.size(), bytes.begin());
  }
  if (field.wire == WireType::Varint) {
    if (!bytes.empty() && bytes.back() >= 0x80)
      return fail(bytes.begin(), Code::Malformed, "packed numbers end in the middle of one");
    return charge(8 * bytes.size(), bytes.begin());
  }
  if (bytes.size() % (field.wire == WireType::Fixed32 ? 4 : 8))
    return fail(bytes.begin(), Code::Malformed, "packed numbers end in the middle of one");
  return charge(bytes.size(), bytes.begin());
}

bool Scanner::scanMessage(const Field &field, llvm::ArrayRef<uint8_t> tag, llvm::ArrayRef<uint8_t> body, unsigned depth,
                          unsigned graphs) {
  graphs += field.descriptor->message_type() == onnx::GraphProto::descriptor();
  if (graphs > maxNesting)
    return fail(tag.begin(), Code::TooLarge, "graphs are nested deeper than " + llvm::Twine(maxNesting));
  if (depth + 1 > maxMessageDepth)
    return fail(tag.begin(), Code::TooLarge, "messages are nested deeper than " + llvm::Twine(maxMessageDepth));
  if (!charge(320, tag.begin()))
    return false;
  // The body shrinks by what is left out and grows by a segment: its length is written last, in five bytes always.
  append(tag);
  size_t lengthAt = skeleton_.size();
  skeleton_.append(5, '\0');
  if (!scan(field.descriptor->message_type(), body, depth + 1, graphs))
    return false;
  uint64_t length = skeleton_.size() - lengthAt - 5;
  for (unsigned i = 0; i < 5; ++i)
    skeleton_[lengthAt + i] = static_cast<char>(((length >> (7 * i)) & 0x7f) | (i < 4 ? 0x80 : 0));
  return true;
}

bool Scanner::scanField(const Descriptor *type, WireReader &reader, unsigned depth, unsigned graphs, uint32_t &seen) {
  const uint8_t *start = reader.position();
  uint32_t number;
  WireType wire;
  if (!reader.readTag(number, wire))
    return fail(start, Code::Malformed, "expected a field of " + type->name() + ", found bytes that are none,");
  llvm::ArrayRef<uint8_t> tag(start, reader.position());
  llvm::ArrayRef<uint8_t> bytes;
  Field field = lookup(type, number);
  if (wire == WireType::Bytes ? !reader.readBytes(bytes) : !reader.skip(wire))
    return fail(start, Code::Malformed,
                "field " + (field.descriptor ? quote(field.descriptor->name()) : std::to_string(number)) + " of " +
                    type->name() + " is cut off or malformed");
  if (!charge(16, start))
    return false;
  // Fields that a newer format adds are skipped, as every protobuf reader does; a newer ir_version is refused later.
  if (!field.descriptor)
    return true;
  bool isPacked = wire == WireType::Bytes && field.descriptor->is_packable();
  if (wire != field.wire && !isPacked)
    return fail(start, Code::Malformed,
                "wrong wire type: field " + quote(field.descriptor->name()) + " of " + type->name() + " expects " +
                    describe(field.wire) + ", found " + describe(wire));
  if (field.isIgnored || field.isTensorData)
    return true;
  if (field.descriptor->type() == FieldDescriptor::TYPE_MESSAGE) {
    if (type == onnx::TensorProto::descriptor() && number == onnx::TensorProto::kSegmentFieldNumber)
      return fail(start, Code::UnsupportedPart, "a tensor stored in segments is not supported,");
    // Protobuf would merge two of them: for a tensor that would pair one's shape with the other's data.
    uint32_t bit = number < 32 ? 1u << number : 0;
    if (!field.descriptor->is_repeated() && (seen & bit))
      return fail(start, Code::Malformed,
                  "field " + quote(field.descriptor->name()) + " of " + type->name() + " is given twice");
    seen |= bit;
    return scanMessage(field, tag, bytes, depth, graphs);
  }
  if (wire == WireType::Bytes ? !checkScalars(field, bytes) : field.descriptor->is_repeated() && !charge(8, start))
    return false;
  append({start, reader.position()});
  return true;
}

void appendVarint(std::string &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

bool Scanner::scan(const Descriptor *type, llvm::ArrayRef<uint8_t> message, unsigned depth, unsigned graphs) {
  WireReader reader(message);
  uint32_t seen = 0;
  while (!reader.atEnd())
    if (!scanField(type, reader, depth, graphs, seen))
      return false;
  if (type != onnx::TensorProto::descriptor())
    return true;
  onnx::TensorProto::Segment segment;
  segment.set_begin(message.begin() - file_.begin());
  segment.set_end(message.end() - file_.begin());
  std::string body = segment.SerializeAsString();
  appendVarint(skeleton_, onnx::TensorProto::kSegmentFieldNumber << 3 | static_cast<unsigned>(WireType::Bytes));
  appendVarint(skeleton_, body.size());
  skeleton_ += body;
  return true;
}
} // namespace

std::optional<std::string> scanModel(llvm::ArrayRef<uint8_t> file, Report &report) {
  if (file.empty()) {
    report.error(report.file(), Code::Malformed, "the file is empty");
    return std::nullopt;
  }
  if (file.size() > static_cast<size_t>(INT32_MAX)) {
    report.error(report.file(), Code::TooLarge,
                 "the file has " + llvm::Twine(file.size()) +
                     " bytes, and protobuf stops at 2 GB: save the weights as external data");
    return std::nullopt;
  }
  Scanner scanner(file, report);
  if (!scanner.scan(onnx::ModelProto::descriptor(), file, /*depth=*/0, /*graphs=*/0))
    return std::nullopt;
  return scanner.takeSkeleton();
}

bool parseSkeleton(const std::string &skeleton, onnx::ModelProto &model, Report &report) {
  google::protobuf::LogSilencer silence;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(skeleton.data()),
                                                static_cast<int>(skeleton.size()));
  stream.SetRecursionLimit(maxMessageDepth + 8);
  stream.SetTotalBytesLimit(INT32_MAX);
  if (model.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage())
    return true;
  report.error(report.file(), Code::Malformed, "protobuf cannot read the file as an ONNX model");
  return false;
}

} // namespace dlc::importer
