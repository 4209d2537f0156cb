"""to-version-2.py FROM TO: a state file without its position (docs/slp-sim.md)."""
import sys

body = open(sys.argv[1], "rb").read()[:-8]
assert body[:8] == b"SLPSTATE" and body[8] == 3
body = body[:8] + bytes([2, 0, 0, 0]) + body[12:20] + body[60:]
checksum = 0xcbf29ce484222325
for byte in body:
    checksum = (checksum ^ byte) * 0x100000001b3 % 2**64
with open(sys.argv[2], "wb") as file:
    file.write(body + checksum.to_bytes(8, "little"))
