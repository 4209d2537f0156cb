# Writes a C++ file that holds the shipped chip descriptions as strings, so that `--target=lnpu` needs no file.
# Run as: cmake -DOUT=FILE -DFILES=a.yaml,b.yaml -P SlpEmbed.cmake
string(REPLACE "," ";" FILES "${FILES}")
list(SORT FILES)
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND entries "    {\"${name}\", R\"slpyaml(${text})slpyaml\"},\n")
endforeach()
file(WRITE ${OUT} "// Generated from runtime/chips/*.yaml.
#include \"runtime/chips/Fields.h\"

#include <iterator>

namespace slp::chip {
static const Shipped shipped[] = {
${entries}};
const Shipped *shippedBegin() { return std::begin(shipped); }
const Shipped *shippedEnd() { return std::end(shipped); }
} // namespace slp::chip
")
