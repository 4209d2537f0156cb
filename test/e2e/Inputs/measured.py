"""measured.py MEGABYTES SECONDS COMMAND...: runs the command, and fails if it took more resident memory or processor time."""

import resource
import subprocess
import sys

megabytes, seconds = map(float, sys.argv[1:3])
status = subprocess.run(sys.argv[3:]).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
if usage.ru_maxrss > megabytes * 1024 or usage.ru_utime + usage.ru_stime > seconds:
    sys.exit(f"measured: {usage.ru_maxrss / 1024:.0f} MB, {usage.ru_utime + usage.ru_stime:.1f} s")
sys.exit(status)
