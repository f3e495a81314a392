//===- dlc.cpp - The dlc program --------------------------------*- C++ -*-===//
#include "tools/dlc/Commands.h"

#include "compiler/driver/Compile.h"
#include "llvm/Support/ErrorHandling.h"
#include <CLI/CLI.hpp>
#include <cstdio>

/// LLVM aborts when it meets its own mistake or runs out of memory; users get an exit code instead of a signal.
static void onFatalError(void *, const char *reason, bool) {
  std::fprintf(stderr, "error[E0901]: %s\nthis is a mistake of dlc, not of the model\n", reason);
  std::_Exit(static_cast<int>(dlc::ExitCode::Internal));
}

int main(int argc, char **argv) {
  llvm::install_fatal_error_handler(onFatalError);
  llvm::install_bad_alloc_error_handler(onFatalError);

  CLI::App app("dlc compiles deep-learning models to native libraries.", "dlc");
  app.require_subcommand(1);
  app.failure_message([](const CLI::App *, const CLI::Error &error) {
    return std::string("error: ") + error.what() + "\nRun with --help for more information.\n";
  });
  app.footer("Exit codes: 0 fine, 1 results differ, 2 a mistake in the command or the model, 3 not supported,\n"
             "4 a mistake of dlc itself. `dlc COMMAND --help` has an example of each command.");
  int exit = 0;
  dlc::addCompile(app, exit);
  dlc::addRun(app, exit);
  dlc::addCheck(app, exit);
  dlc::addBench(app, exit);
  dlc::addProfile(app, exit);
  dlc::addInspect(app, exit);
  dlc::addOps(app, exit);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(dlc::ExitCode::Usage);
  }
  return exit;
}
