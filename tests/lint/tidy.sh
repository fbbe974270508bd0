#!/usr/bin/env bash
# The clang-tidy 19 gate over our own sources, as many at a time as there are cores.
#   tests/lint/tidy.sh [FILE.cc...]   all sources of the product when none is named; tests only by name, with the
#                                     checks of tests/.clang-tidy
# A source that passed is not looked at again until it, a header of ours that it includes, the checks or the
# tools change; the memory of that is in ${XDG_CACHE_HOME:-~/.cache}/ovpn-broker/tidy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cmake --preset clang >/dev/null
# clang-tidy reads generated headers, so they must be there; nothing else has to be built. CMake gives each target
# with generated sources this name for "what must exist before the first of them is compiled".
ninja -C build/clang cmake_object_order_depends_target_ovpnbroker_proto >/dev/null
exec /usr/bin/python3 tests/lint/tidy.py build/clang "$@"
