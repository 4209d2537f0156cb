# lit configuration of the file tests: every RUN line names one of our tools or FileCheck.
import os

if not hasattr(config, "slp_source_dir"):
    # lit was given a path of the checkout. The build's configuration says where the tools are, and loads this one.
    build = os.environ.get("SLP_BUILD_DIR", os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))
    site = os.path.join(build, "test", "lit.site.cfg.py")
    if not os.path.exists(site):
        lit_config.fatal(f"no build to test: {site} does not exist; run tools/scripts/build, or name a build directory in SLP_BUILD_DIR")
    lit_config.load_config(config, site)
    raise SystemExit

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "SLPC"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".td", ".test", ".s"]
config.excludes = ["Inputs", "unit", "fuzz", "data", "models", "regions", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.slp_test_binary_dir
config.substitutions.append(("%models", os.path.join(config.test_source_root, "models")))
config.substitutions.append(("%data", os.path.join(config.test_source_root, "data")))
config.substitutions.append(("%chips", os.path.join(config.slp_source_dir, "runtime", "chips")))
config.substitutions.append(("%fuzz_bin", os.path.join(config.slp_test_binary_dir, "fuzz")))
config.substitutions.append(("%fuzz", os.path.join(config.test_source_root, "fuzz")))
config.substitutions.append(("%onnx_cases", "/usr/share/libonnx-testdata/data"))  # package libonnx-testdata
config.substitutions.append(("%mach_td", os.path.join(config.slp_source_dir, "dialects", "Mach")))
config.substitutions.append(("%slp_bin", config.slp_tools_dir))
# The address sanitizer reserves terabytes of addresses, so that no limit on address space (ulimit -v) can be met; and it takes
# several times the memory and time. Tests of such limits say UNSUPPORTED: asan, those that only set one beside say %if asan.
if "address" in config.slp_sanitize.split(","):
    config.available_features.add("asan")
llvm_config.use_default_substitutions()
llvm_config.with_environment("PATH", config.slp_tools_dir, append_path=True)
tools = [ToolSubst(t, unresolved="ignore") for t in
         ["slpc", "slp-opt", "slp-sim", "slp-verify", "slp-conformance", "slp-as", "slp-dis", "slp-tblgen", "slp-reduce"]]
# LLVM's own tools of our version; others of the same name may be on the PATH.
tools += [ToolSubst(t, unresolved="ignore") for t in ["split-file", "llvm-readelf", "llvm-nm", "llvm-objcopy"]]
llvm_config.add_tool_substitutions(tools, [config.slp_tools_dir, config.llvm_tools_dir])
