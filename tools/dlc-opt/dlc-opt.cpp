//===- dlc-opt.cpp - Run passes on MLIR text ------------------------------===//
#include "compiler/Passes.h"
#include "compiler/target/Cpu.h"
#include "dialects/dl/Dialect.h"
#include "dialects/mk/Dialect.h"
#include "dialects/rt/Dialect.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  dlc::registerCpuDialects(registry);
  registry.insert<dlc::dl::DlDialect, dlc::mk::MkDialect, dlc::rt::RtDialect>();
  dlc::registerDlcPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "dlc's optimizer driver\n", registry));
}
