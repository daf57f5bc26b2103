// The functions that instrumented kernels call: -fsanitize=thread before each access to memory,
// -fsanitize=alignment,bounds where a pointer or an index is wrong. Names and arguments are the compiler's.
#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/simt/block.h"

namespace {

using cloze::simt::Access;
using cloze::simt::EmulatorCode;
using cloze::simt::FaultKind;
using cloze::simt::Grid;

// Host code in the same file is instrumented too, and not checked.
void check(const void* address, int64_t bytes, Access access, bool aligned, const void* code) {
  if (!EmulatorCode::checked()) return;
  const EmulatorCode own_code;
  Grid* grid = cloze::simt::running_grid();
  if (aligned && reinterpret_cast<uintptr_t>(address) % static_cast<uintptr_t>(bytes) != 0)
    grid->fail(FaultKind::misaligned,
               fmt::format("address {} is not aligned to the {} bytes of the access", address, bytes),
               {code, {}});
  grid->access(address, bytes, access, {code, {}});
}

// The leading members of what the compiler hands to the undefined-behaviour hooks.
struct SourceLocation {
  const char* file;
  uint32_t line, column;
};
struct TypeDescriptor {
  uint16_t kind, information;
  char name[1];
};
struct TypeMismatch {
  SourceLocation location;
  const TypeDescriptor* type;
  unsigned char log_alignment, check_kind;
};
struct OutOfBounds {
  SourceLocation location;
  const TypeDescriptor* array_type;
};

void fail_at(bool in_kernel, FaultKind kind, const SourceLocation& location, const std::string& what) {
  if (in_kernel)
    cloze::simt::running_grid()->fail(kind, what,
                                      {nullptr, {location.file, static_cast<int>(location.line)}});
  std::fprintf(stderr, "%s:%u: %s\n", location.file, location.line, what.c_str());
  std::abort();
}

}  // namespace

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}

#define CLOZE_ACCESS_HOOKS(bytes)                                             \
  void __tsan_read##bytes(void* address) {                                    \
    check(address, bytes, Access::read, true, __builtin_return_address(0));   \
  }                                                                           \
  void __tsan_write##bytes(void* address) {                                   \
    check(address, bytes, Access::write, true, __builtin_return_address(0));  \
  }                                                                           \
  void __tsan_unaligned_read##bytes(void* address) {                          \
    check(address, bytes, Access::read, false, __builtin_return_address(0));  \
  }                                                                           \
  void __tsan_unaligned_write##bytes(void* address) {                         \
    check(address, bytes, Access::write, false, __builtin_return_address(0)); \
  }
CLOZE_ACCESS_HOOKS(1)
CLOZE_ACCESS_HOOKS(2)
CLOZE_ACCESS_HOOKS(4)
CLOZE_ACCESS_HOOKS(8)
CLOZE_ACCESS_HOOKS(16)
#undef CLOZE_ACCESS_HOOKS

void __tsan_read_range(void* address, uint64_t bytes) {
  check(address, static_cast<int64_t>(bytes), Access::read, false, __builtin_return_address(0));
}
void __tsan_write_range(void* address, uint64_t bytes) {
  check(address, static_cast<int64_t>(bytes), Access::write, false, __builtin_return_address(0));
}
void __tsan_vptr_update(void**, void*) {}
// Of std::shared_ptr in host code; kernels make no atomic sums.
int __tsan_atomic32_fetch_add(volatile int* value, int added, int) {
  return __atomic_fetch_add(value, added, __ATOMIC_SEQ_CST);
}

void __ubsan_handle_type_mismatch_v1(TypeMismatch* data, uintptr_t pointer) {
  const bool in_kernel = EmulatorCode::checked();
  const EmulatorCode own_code;
  fail_at(in_kernel, FaultKind::misaligned, data->location,
          fmt::format("pointer {:#x} is not aligned to the {} bytes of {}", pointer,
                      1u << data->log_alignment, data->type->name));
}
void __ubsan_handle_out_of_bounds(OutOfBounds* data, uintptr_t index) {
  const bool in_kernel = EmulatorCode::checked();
  const EmulatorCode own_code;
  fail_at(in_kernel, FaultKind::out_of_bounds, data->location,
          fmt::format("index {} out of bounds of {}", static_cast<int64_t>(index), data->array_type->name));
}

}  // extern "C"
