// Checks of single accesses to memory.
#include <fmt/core.h>

#include <cstddef>

#include "tests/simt/block.h"

namespace cloze::simt {
namespace {

const char* name_of(Access access) {
  return access == Access::read ? "read" : "write";
}

bool within(const void* address, int64_t bytes, const void* begin, int64_t size) {
  const auto offset = static_cast<const char*>(address) - static_cast<const char*>(begin);
  return offset >= 0 && offset + bytes <= size;
}

}  // namespace

// The thread's stack, the kernel's arguments, constants.
bool Grid::is_own(const void* address, int64_t bytes, Access access) const {
  if (within(address, bytes, stack_.begin, static_cast<int64_t>(stack_.bytes))) return true;
  if (access == Access::write) return false;
  return within(address, bytes, launch_.call.get(), launch_.call_bytes) || is_constant(address, bytes);
}

// The memory that an address lies in, or follows by a little.
Region* Grid::region_of(const void* address, int64_t bytes) {
  if (shared_region_.holds(address, bytes)) return &shared_region_;
  if (static_shared_memory().holds(address, bytes)) return &static_shared_memory();
  Region* allocation = device_memory().find(address);
  if (allocation != nullptr && allocation->holds(address, bytes)) return allocation;
  const auto near = [&](const Region& region) {
    constexpr int64_t reach = 4096;
    return within(address, bytes, static_cast<const char*>(address) - region.offset(address) - reach,
                  region.bytes() + 2 * reach);
  };
  if (near(shared_region_)) return &shared_region_;
  return allocation != nullptr && near(*allocation) ? allocation : nullptr;
}

void Grid::access(const void* address, int64_t bytes, Access access, const Where& where) {
  if (is_own(address, bytes, access)) return;
  Region& region = require_region(address, bytes, name_of(access), where);
  const bool per_block = &region == &shared_region_ || &region == &static_shared_memory();
  const Conflict conflict = region.touch(address, bytes, access, now(), per_block);
  if (conflict.kind != Conflict::Kind::none) report(conflict, region, address, bytes, access, where);
}

void Grid::atomic_access(const void* address, int64_t bytes, const Where& where) {
  const Region& region = require_region(address, bytes, "atomic access", where);
  if (reinterpret_cast<uintptr_t>(address) % static_cast<uintptr_t>(bytes) != 0)
    fail(FaultKind::misaligned, fmt::format("atomic access of {} bytes at {}", bytes, address), where);
  if (!region.is_written(address, bytes))
    report({.kind = Conflict::Kind::never_written}, region, address, bytes, Access::read, where);
}

Region& Grid::require_region(const void* address, int64_t bytes, const char* what, const Where& where) {
  Region* region = region_of(address, bytes);
  if (region == nullptr) {
    fail(FaultKind::out_of_bounds,
         fmt::format("{} of {} bytes at {}, which is no device memory", what, bytes, address), where);
  }
  if (!region->holds(address, bytes)) {
    fail(FaultKind::out_of_bounds,
         fmt::format("{} of {} bytes out of bounds, at byte {} of {} ({} bytes)", what, bytes,
                     region->offset(address), region->name(), region->bytes()),
         where);
  }
  return *region;
}

void Grid::report(const Conflict& conflict, const Region& region, const void* address, int64_t bytes,
                  Access access, const Where& where) {
  const std::string what = fmt::format("{} of {} bytes at byte {} of {}", name_of(access), bytes,
                                       region.offset(address), region.name());
  const auto earlier = [&] {
    const Moment& who = conflict.who;
    std::string name = who.block != block_number_ ? std::string("another block")
                       : who.thread == several    ? std::string("several threads")
                                                  : name_of_thread(who.thread);
    return fmt::format("the {} by {}", name_of(conflict.earlier), name);
  };
  switch (conflict.kind) {
    case Conflict::Kind::never_written:
      fail(FaultKind::never_written, what + ", which was never written", where);
    case Conflict::Kind::in_flight:
      fail(FaultKind::copy_in_flight, what + ", which a cp.async is still filling", where);
    default:
      fail(FaultKind::race, what + " races with " + earlier(), where);
  }
}

void Grid::set_in_flight(const void* address, int64_t bytes, bool in_flight) {
  if (Region* region = region_of(address, bytes)) region->mark_in_flight(address, bytes, in_flight);
}

}  // namespace cloze::simt
