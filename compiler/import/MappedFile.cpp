//===- MappedFile.cpp -----------------------------------------------------===//

#include "compiler/import/MappedFile.h"
#include "llvm/Support/MathExtras.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dlc::importer {

std::shared_ptr<const MappedFile> MappedFile::map(const std::string &path, bool trusted, std::string &why) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (trusted ? 0 : O_NOFOLLOW));
  if (fd < 0) {
    why = std::strerror(errno);
    return nullptr;
  }
  struct stat info;
  const void *data = nullptr;
  if (::fstat(fd, &info) != 0)
    why = std::strerror(errno);
  else if (!S_ISREG(info.st_mode))
    why = S_ISDIR(info.st_mode) ? "it is a folder" : "it is not a regular file";
  else if (!trusted && info.st_nlink > 1)
    why = "it has " + std::to_string(info.st_nlink) + " names (hard links)";
  else if (info.st_size > 0 && (data = ::mmap(nullptr, info.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
    why = std::strerror(errno);
  ::close(fd);
  if (!why.empty())
    return nullptr;
  return std::shared_ptr<const MappedFile>(
      new MappedFile(static_cast<const uint8_t *>(data), static_cast<size_t>(info.st_size)));
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::string &path, std::string &why) {
  return map(path, /*trusted=*/true, why);
}

std::shared_ptr<const MappedFile> MappedFile::openUntrusted(const std::string &path, std::string &why) {
  return map(path, /*trusted=*/false, why);
}

MappedFile::~MappedFile() {
  if (size_ > 0)
    ::munmap(const_cast<uint8_t *>(data_), size_);
}

void MappedFile::release(llvm::ArrayRef<uint8_t> part) const {
  auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  uintptr_t begin = llvm::alignTo(reinterpret_cast<uintptr_t>(part.begin()), page);
  uintptr_t end = llvm::alignDown(reinterpret_cast<uintptr_t>(part.end()), page);
  if (begin < end)
    ::madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

} // namespace dlc::importer
