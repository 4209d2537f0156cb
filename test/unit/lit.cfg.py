# lit configuration of the GoogleTest binaries: every executable here whose name ends in Tests.
import os

if not hasattr(config, "slp_unit_binary_dir"):
    # As in test/lit.cfg.py: `lit test/unit` from a checkout.
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    site = os.path.join(os.environ.get("SLP_BUILD_DIR", os.path.join(root, "build")), "test", "unit", "lit.site.cfg.py")
    if not os.path.exists(site):
        lit_config.fatal(f"no build to test: {site} does not exist; run tools/scripts/build, or name a build directory in SLP_BUILD_DIR")
    lit_config.load_config(config, site)
    raise SystemExit

import lit.formats

config.name = "SLPC-Unit"
config.test_format = lit.formats.GoogleTest(".", "Tests")
config.test_source_root = config.slp_unit_binary_dir
config.test_exec_root = config.slp_unit_binary_dir
config.excludes = ["CMakeFiles"]
