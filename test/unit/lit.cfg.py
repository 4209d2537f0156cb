# lit configuration of the GoogleTest binaries: every executable here whose name ends in Tests.
import lit.formats

config.name = "SLPC-Unit"
config.test_format = lit.formats.GoogleTest(".", "Tests")
config.test_source_root = config.slp_unit_binary_dir
config.test_exec_root = config.slp_unit_binary_dir
config.excludes = ["CMakeFiles"]
