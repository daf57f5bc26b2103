// cp.async: the copy is made when its group is waited for, as late as the hardware may make it.
#include <fmt/core.h>

#include <cstring>

#include "tests/simt/block.h"

namespace cloze::simt {
namespace {

void require_aligned(const void* address, const void* code) {
  if (reinterpret_cast<uintptr_t>(address) % 16 != 0)
    running_grid()->fail(FaultKind::misaligned,
                         fmt::format("cp.async at {}, not aligned to 16 bytes", address), {code, {}});
}

void land(const PendingCopy& copy) {
  Grid& grid = *running_grid();
  grid.set_in_flight(copy.shared, 16, false);
  if (copy.copied) grid.access(copy.global, 16, Access::read, {copy.code, {}});
  grid.access(copy.shared, 16, Access::write, {copy.code, {}});
  if (copy.copied)
    std::memcpy(copy.shared, copy.global, 16);
  else
    std::memset(copy.shared, 0, 16);
}

}  // namespace

void copy_async_16(void* shared, const void* global, bool copied) {
  const EmulatorCode own_code;
  const void* code = __builtin_return_address(0);
  Grid& grid = *running_grid();
  require_aligned(shared, code);
  if (copied) require_aligned(global, code);
  // Filling begins now: whoever still reads the old contents races with it.
  grid.access(shared, 16, Access::write, {code, {}});
  std::memset(shared, 0xFF, 16);
  grid.set_in_flight(shared, 16, true);
  auto& groups = grid.current().copies;
  if (groups.empty()) groups.emplace_back();
  groups.back().push_back({shared, global, copied, code});
}

void copy_async_commit() {
  const EmulatorCode own_code;
  auto& groups = running_grid()->current().copies;
  if (groups.empty()) groups.emplace_back();
  groups.emplace_back();
}

void copy_async_wait(int groups_left) {
  const EmulatorCode own_code;
  auto& groups = running_grid()->current().copies;
  // The last one is open: not committed, not waited for.
  while (static_cast<int>(groups.size()) - 1 > groups_left) {
    const std::vector<PendingCopy> landing = std::move(groups.front());
    groups.erase(groups.begin());
    for (const PendingCopy& copy : landing) land(copy);
  }
}

}  // namespace cloze::simt
