"""lit's settings; `ctest -R lit` runs all, `lit --param build=build test/graph/x.mlir` one file."""
import os
import lit.formats

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
build = os.path.abspath(lit_config.params.get("build", os.path.join(root, "build")))
llvm = "/usr/lib/llvm-22/bin"

config.name = "dlc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt"]
config.test_source_root = os.path.join(root, "test")
config.test_exec_root = os.path.join(build, "test", "lit")

binaries = os.path.join(build, "bin")
# Programs that only tests use lie beside them.
config.environment["PATH"] = os.pathsep.join(
    [binaries, os.path.join(build, "test", "kernel"), llvm, os.environ.get("PATH", "")])
config.available_features.update(tool for tool in ("dlc", "dlc-opt") if os.path.exists(os.path.join(binaries, tool)))

config.substitutions += [
    ("%python", lit_config.params.get("python", os.path.join(root, "build", "venv", "bin", "python"))),
    ("%root", root),
]
