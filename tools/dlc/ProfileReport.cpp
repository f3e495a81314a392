//===- ProfileReport.cpp --------------------------------------------------===//
#include "tools/dlc/ProfileReport.h"

#include "tools/dlc/Outcome.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace dlc {

ProfileReport::ProfileReport(const Library &library, ProfiledRuns all, bool merge) : runs(std::move(all)) {
  std::map<std::string, size_t> known;
  for (const auto &[node, time] : runs.kernels) {
    kernels.add(time);
    auto launch = library.launches().find(node);
    LibraryLaunch unknown;
    const LibraryLaunch &what = launch == library.launches().end() ? unknown : launch->second;
    auto [place, isNew] = known.try_emplace(merge ? what.kernel : std::to_string(node), rows.size());
    if (isNew)
      rows.push_back({what.kernel, what.ops, {}, {}, {}});
    ProfileRow &row = rows[place->second];
    row.launches.push_back(node);
    row.nodes.insert(row.nodes.end(), what.nodes.begin(), what.nodes.end());
    row.time.add(time);
  }
  llvm::sort(rows, [](const ProfileRow &a, const ProfileRow &b) {
    return std::pair(-a.time.seconds, a.launches) < std::pair(-b.time.seconds, b.launches);
  });
}

ProfileReport::Limit ProfileReport::limitOf(const KernelTime &time) const {
  const double compute = time.flops.value_or(0) / (peakGflops * 1e9),
               memory = time.bytes.value_or(0) / (this->memory.most() * 1e9);
  if (!time.flops || !time.bytes || time.seconds <= 0)
    return {};
  return compute > memory ? Limit{"compute", compute / time.seconds} : Limit{"memory", memory / time.seconds};
}

//===- JSON ---------------------------------------------------------------===//

json::Object ProfileReport::json(const KernelTime &time) const {
  auto rate = [&](std::optional<double> amount) {
    return amount && time.seconds > 0 ? json::Value(*amount / time.seconds * 1e-9) : json::Value(nullptr);
  };
  Limit limit = limitOf(time);
  return json::Object{{"calls", time.calls},
                      {"seconds", time.seconds},
                      {"share", time.seconds / runs.seconds},
                      {"flops", time.flops},
                      {"bytes", time.bytes},
                      {"gflops", rate(time.flops)},
                      {"gb_s", rate(time.bytes)},
                      {"limit", limit.name ? json::Value(limit.name) : nullptr},
                      {"of_limit", limit.name ? json::Value(limit.share) : nullptr},
                      {"busy", time.seconds > 0 ? time.busy / (time.seconds * threads) : 0}};
}

json::Object ProfileReport::json() const {
  json::Array list;
  for (const ProfileRow &row : rows) {
    json::Object object = json(row.time);
    object["kernel"] = row.kernel;
    object["ops"] = row.ops;
    object["launches"] = json::Array(row.launches);
    object["nodes"] = json::Array(row.nodes);
    list.push_back(std::move(object));
  }
  return json::Object{{"threads", threads},
                      {"runs", runs.runs},
                      {"seconds", runs.seconds},
                      {"seconds_without_profile", runs.plain},
                      {"peak_gflops", peakGflops},
                      {"peak_read_gb_s", memory.read},
                      {"peak_copy_gb_s", memory.copy},
                      {"kernels", std::move(list)},
                      {"all_kernels", json(kernels)},
                      {"between_kernels", json::Object{{"seconds", between()}, {"share", between() / runs.seconds}}}};
}

//===- Table --------------------------------------------------------------===//

/// In the terminal's width there is room for the ends of a name.
static std::string shortened(StringRef name, size_t room) {
  if (name.size() <= room)
    return name.str();
  return (name.take_front((room - 2) / 2) + ".." + name.take_back(room - 2 - (room - 2) / 2)).str();
}

static std::string nodesText(ArrayRef<std::string> nodes) {
  if (nodes.empty())
    return "";
  if (nodes.size() == 1)
    return shortened(nodes.front(), 60);
  return formatv("{0} .. {1} ({2} nodes)", shortened(nodes.front(), 36), shortened(nodes.back(), 36), nodes.size());
}

void ProfileReport::print(raw_ostream &out, const KernelTime &time) const {
  auto rate = [&](std::optional<double> amount) {
    return amount && *amount > 0 ? formatv("{0:F1}", *amount / time.seconds * 1e-9).str() : std::string("-");
  };
  Limit limit = limitOf(time);
  out << formatv("{0,10} {1,5:F1}% {2,6} {3,8} {4,7}  ", durationText(time.seconds), 100 * time.seconds / runs.seconds,
                 formatv("{0:F0}", time.calls).str(), rate(time.flops), rate(time.bytes));
  if (limit.name)
    out << formatv("{0,4:F0}% {1,-8}", 100 * limit.share, limit.name);
  else
    out << formatv("{0,14}", "");
  if (threads > 1)
    out << formatv("{0,4:F0}%", 100 * time.busy / (time.seconds * threads));
}

void ProfileReport::print(raw_ostream &out, size_t most) const {
  out << formatv("{0} a run ({1} without the profile), the faster half of {2} runs\n", durationText(runs.seconds),
                 durationText(runs.plain), runs.runs)
      << formatv("peak {0:F1} GFLOP/s, memory {1:F1} GB/s read and {2:F1} copied\n\n", peakGflops, memory.read,
                 memory.copy)
      << "      time  share  calls  GFLOP/s    GB/s  of the limit " << (threads > 1 ? " busy" : "") << "  kernel\n";
  KernelTime rest;
  for (auto [i, row] : enumerate(rows)) {
    if (i >= most) {
      rest.add(row.time);
      continue;
    }
    print(out, row.time);
    out << "  " << shortened(row.ops, 60) << "  " << nodesText(row.nodes) << "\n";
  }
  if (rows.size() > most) {
    print(out, rest);
    out << formatv("  {0} more\n", rows.size() - most);
  }
  if (!rows.empty()) {
    print(out, kernels);
    out << "  all kernels\n";
  }
  out << formatv("{0,10} {1,5:F1}%{2,40}  between kernels\n", durationText(between()), 100 * between() / runs.seconds,
                 std::string(threads > 1 ? 5 : 0, ' '));
}

} // namespace dlc
