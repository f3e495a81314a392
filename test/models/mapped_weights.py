"""Prints by how many bytes the process' own memory (not that of mapped files) grows while a library is loaded and run."""
import re
import sys

import numpy as np

ROOT, library, features = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path.insert(0, f"{ROOT}/tools/python")
import dlc  # noqa: E402


def anonymous():
    with open("/proc/self/smaps_rollup") as file:
        return int(re.search(r"Anonymous:\s+(\d+) kB", file.read())[1]) * 1024


before = anonymous()
model = dlc.Model(library)
model.run({"x": np.ones((1, features), np.float32)})
print(anonymous() - before)
