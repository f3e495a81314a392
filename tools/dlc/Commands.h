//===- Commands.h - The subcommands of dlc ----------------------*- C++ -*-===//
#pragma once

namespace CLI {
class App;
}

namespace dlc {

/// Each adds one subcommand, in the file of its name. When the user calls it, its exit code (ExitCode) is left in `exit`.
void addCompile(CLI::App &app, int &exit);
void addRun(CLI::App &app, int &exit);
void addCheck(CLI::App &app, int &exit);
void addBench(CLI::App &app, int &exit);
void addProfile(CLI::App &app, int &exit);
void addInspect(CLI::App &app, int &exit);
void addOps(CLI::App &app, int &exit);

} // namespace dlc
