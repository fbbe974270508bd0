// Memory in pages of 2 MiB, where the kernel gives them to who asks (transparent huge pages: always
// or madvise). A client that stays leaves behind some 3 KiB of session and decision, so nearly
// every decision would touch a new small page, and on a virtual machine that fault costs more than
// the decision. Part of every program that has mimalloc; works before main. It is no error when the
// kernel refuses. MIMALLOC_LARGE_OS_PAGES=0 in the environment turns it off.
#include <mimalloc.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>

namespace {

using Address = std::byte*;

struct Mapping {
  Address begin = nullptr;
  Address end = nullptr;
};

// The mapping of this process that has `address`; empty when it is not found.
Mapping FindMapping(const void* address) {
  const std::unique_ptr<FILE, int (*)(FILE*)> maps(std::fopen("/proc/self/maps", "re"),
                                                   &std::fclose);
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  char line[512];
  while (maps != nullptr && std::fgets(line, sizeof(line), maps.get()) != nullptr) {
    void* begin = nullptr;
    void* end = nullptr;
    if (std::sscanf(line, "%p-%p ", &begin, &end) != 2) continue;
    if (wanted < reinterpret_cast<uintptr_t>(begin)) continue;
    if (wanted >= reinterpret_cast<uintptr_t>(end)) continue;
    return {static_cast<Address>(begin), static_cast<Address>(end)};
  }
  return {};
}

bool UseLargePages() {
  // The environment has the last word.
  mi_option_set_enabled_default(mi_option_large_os_pages, true);
  if (!mi_option_is_enabled(mi_option_large_os_pages)) return false;
  // What libraries have taken before this ran lies in a piece of 32 MiB, nearly all of it free.
  const auto taken = std::make_unique<char>();
  const Mapping first = FindMapping(taken.get());
  return madvise(first.begin, static_cast<size_t>(first.end - first.begin), MADV_HUGEPAGE) == 0;
}

[[maybe_unused]] const bool kUsesLargePages = UseLargePages();

}  // namespace
