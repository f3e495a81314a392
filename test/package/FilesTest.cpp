#include "compiler/package/Files.h"
#include "test/package/TestLibrary.h"
#include "llvm/Support/FileSystem.h"
#include <csignal>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace llvm;

namespace {

using Names = std::vector<std::string>;

std::string messageOf(Error error) { return toString(std::move(error)); }

TEST(Files, AppearTogether) {
  TemporaryFolder folder;
  Expected<dlc::OutputFiles> files = dlc::OutputFiles::create(folder / "a/b");
  ASSERT_TRUE(bool(files));
  EXPECT_FALSE(bool(files->write("one", [](raw_ostream &out) { out << "1"; })));
  EXPECT_FALSE(bool(files->write("two", [](raw_ostream &out) { out << "2"; })));
  EXPECT_FALSE(bool(files->write("way", [](raw_ostream &out) { out << "3"; })));
  for (const std::string &name : filesIn(folder / "a/b"))
    EXPECT_EQ(name[0], '.') << name;
  files->drop("way");
  Expected<Names> paths = files->commit();
  ASSERT_TRUE(bool(paths));
  EXPECT_EQ(*paths, (Names{folder / "a/b/one", folder / "a/b/two"}));
  EXPECT_EQ(filesIn(folder / "a/b"), (Names{"one", "two"}));
}

TEST(Files, LeaveNothingWithoutACommit) {
  TemporaryFolder folder;
  {
    Expected<dlc::OutputFiles> files = dlc::OutputFiles::create(folder / "a/b");
    ASSERT_TRUE(bool(files));
    EXPECT_FALSE(bool(files->write("one", [](raw_ostream &out) { out << "1"; })));
    EXPECT_TRUE(bool(files->reserve("two")));
  }
  EXPECT_EQ(filesIn(folder.path), Names());
}

TEST(Files, KeepWhatWasThereIfTheNewFails) {
  TemporaryFolder folder;
  for (bool commit : {true, false}) {
    Expected<dlc::OutputFiles> files = dlc::OutputFiles::create(folder.path);
    ASSERT_TRUE(bool(files));
    EXPECT_FALSE(bool(files->write("one", [&](raw_ostream &out) { out << (commit ? "old" : "new!"); })));
    if (commit)
      EXPECT_TRUE(bool(files->commit()));
  }
  uint64_t size = 0;
  EXPECT_FALSE(bool(sys::fs::file_size(folder / "one", size)));
  EXPECT_EQ(size, 3u);
}

TEST(Files, NameTheFolderThatCannotBe) {
  TemporaryFolder folder;
  {
    std::error_code error;
    raw_fd_ostream(folder / "file", error) << "x";
  }
  EXPECT_EQ(messageOf(dlc::OutputFiles::create(folder / "file").takeError()),
            "cannot write to " + folder / "file" + ": Not a directory");
  EXPECT_EQ(messageOf(dlc::OutputFiles::create(folder / "file/below").takeError()),
            "cannot create the folder " + folder / "file/below" + ": Not a directory");
  EXPECT_EQ(messageOf(dlc::OutputFiles::create("/proc/none").takeError()),
            "cannot create the folder /proc/none: No such file or directory");
  if (geteuid() != 0) {
    sys::fs::setPermissions(folder.path, sys::fs::perms(0555));
    EXPECT_EQ(messageOf(dlc::OutputFiles::create(folder.path).takeError()),
              "cannot write to the folder " + folder.path + ": Permission denied");
    sys::fs::setPermissions(folder.path, sys::fs::perms(0755));
  }
}

/// Writes a library to `out` in a process of its own and returns the message.
std::string writeInChild(const std::string &out, void (*prepare)()) {
  static const TestLibrary library("first");
  int ends[2];
  if (pipe(ends))
    return "no pipe";
  pid_t child = fork();
  if (child == 0) {
    prepare();
    std::string message = messageOf(library.write(out));
    (void)!write(ends[1], message.data(), message.size());
    _exit(0);
  }
  close(ends[1]);
  std::string message;
  char buffer[1024];
  while (ssize_t count = read(ends[0], buffer, sizeof buffer)) {
    if (count < 0)
      break;
    message.append(buffer, size_t(count));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return message;
}

TEST(Files, AFileTooLargeIsAnErrorAndLeavesNothing) {
  TemporaryFolder folder;
  std::string message = writeInChild(folder / "out", [] {
    rlimit limit = {1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
  });
  EXPECT_EQ(message, "cannot write " + folder / "out/libfirst.a" + ": File too large");
  EXPECT_EQ(filesIn(folder.path), Names());
}

TEST(Files, AFullDiskIsAnErrorAndLeavesNothing) {
  TemporaryFolder folder;
  // From room for hardly anything to room for all: the disk fills up in each file at some size.
  int failures = 0;
  for (int kilobytes = 8; kilobytes < 1024; kilobytes += 12) {
    if (mount("none", folder.path.c_str(), "tmpfs", 0, ("size=" + std::to_string(kilobytes) + "k").c_str()))
      GTEST_SKIP() << "only root can make a small disk";
    const std::string message = writeInChild(folder / "out", [] {});
    const Names left = filesIn(folder.path);
    umount(folder.path.c_str());
    if (message.empty())
      break;
    ++failures;
    EXPECT_NE(message.find("No space left on device"), std::string::npos) << kilobytes << " KB: " << message;
    EXPECT_EQ(left, Names());
  }
  EXPECT_GE(failures, 3);
}

TEST(Files, AReadOnlyDiskIsAnError) {
  TemporaryFolder folder;
  if (mount("none", folder.path.c_str(), "tmpfs", MS_RDONLY, ""))
    GTEST_SKIP() << "only root can make a read-only disk";
  EXPECT_EQ(writeInChild(folder / "out", [] {}),
            "cannot create the folder " + folder / "out" + ": Read-only file system");
  EXPECT_EQ(writeInChild(folder.path, [] {}), "cannot write to the folder " + folder.path + ": Read-only file system");
  umount(folder.path.c_str());
}

} // namespace
