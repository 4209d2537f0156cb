#===- run-commands.py - run the commands that a page shows ------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Usage: run-commands.py ROOT BINDIR FOLDER PAGE HEADING
#
# Runs the lines of the first code block behind HEADING in ROOT/PAGE, in order,
# in FOLDER, which is made anew and holds a link to test/ and the demo network
# under the name model.onnx. Text behind three spaces is explanation. Stops at
# the first command that fails.
#
#===-----------------------------------------------------------------------===#
import os
import re
import shutil
import subprocess
import sys

root, bin_dir, folder, page, heading = sys.argv[1:]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.symlink(os.path.join(root, "test"), os.path.join(folder, "test"))
os.symlink(os.path.join(root, "test", "models", "digits-cnn.onnx"), os.path.join(folder, "model.onnx"))
with open(os.path.join(root, page), encoding="utf-8") as file:
    text = file.read()
block = re.search(re.escape("\n" + heading + "\n") + r".*?```\w*\n(.*?)```", text, re.S)
if not block:
    sys.exit(f"{page} has no code block behind {heading}")
commands = [re.split(r" {3,}", line)[0] for line in block[1].splitlines() if line.strip()]
environment = dict(os.environ, PATH=bin_dir + os.pathsep + os.environ["PATH"])
for command in commands:
    print("$ " + command, flush=True)
    if subprocess.run(command, shell=True, cwd=folder, env=environment).returncode:
        sys.exit("failed: " + command)
print(f"{len(commands)} commands ran")
