#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

// What the emulator knows of memory: which addresses a kernel may touch, and who touched them last.
namespace cloze::simt {

// Who makes an access, and how many barriers stood before it.
struct Moment {
  uint32_t launch = 0;   // 0: nobody yet
  uint32_t block = 0;    // number in the grid
  uint32_t barrier = 0;  // __syncthreads passed by the block
  uint32_t sync = 0;     // memory-ordering barriers passed by the warp
  int16_t thread = 0;    // number in the block; or `several`
  int16_t warp = 0;      // or `several`
};
constexpr int16_t several = -1;

// The last accesses to one unit of memory.
struct Cell {
  Moment write, read;
  bool written = false;    // ever, by anyone
  bool in_flight = false;  // cp.async is on its way here
};
constexpr int64_t unit_bytes = 2;

enum class Access : uint8_t { read, write };

struct Conflict {
  enum class Kind : uint8_t { none, never_written, in_flight, race } kind = Kind::none;
  Access earlier = Access::write;
  Moment who;
};

// A stretch of memory with a cell per unit.
class Region {
 public:
  Region() = default;
  Region(std::string name, const void* begin, int64_t bytes);

  bool holds(const void* address, int64_t bytes) const;
  const std::string& name() const { return name_; }
  int64_t offset(const void* address) const { return static_cast<const char*>(address) - begin_; }
  int64_t bytes() const { return bytes_; }

  // Takes note of an access and says what is wrong with it. `per_block`: memory that begins unwritten in
  // every block (shared memory).
  Conflict touch(const void* address, int64_t bytes, Access access, const Moment& now, bool per_block);
  void mark_written(const void* address, int64_t bytes);
  bool is_written(const void* address, int64_t bytes) const;
  void mark_in_flight(const void* address, int64_t bytes, bool in_flight);

 private:
  struct FreeCells {
    void operator()(Cell* cells) const;
  };
  Cell* cell(const void* address) const { return cells_.get() + offset(address) / unit_bytes; }
  int64_t units(const void* address, int64_t bytes) const;

  std::string name_;
  const char* begin_ = nullptr;
  int64_t bytes_ = 0;
  std::unique_ptr<Cell, FreeCells> cells_;  // zero pages until touched
};

// Device memory: allocations with unusable space between them.
class DeviceMemory {
 public:
  void* allocate(size_t bytes);
  bool free(void* pointer);
  Region* find(const void* address);  // the allocation that `address` lies in or, past its end, follows
  int64_t allocated_bytes() const { return allocated_bytes_; }

 private:
  struct Allocation {
    std::unique_ptr<char[]> memory;
    Region region;
  };
  std::map<const char*, Allocation> allocations_;
  Region* last_ = nullptr;
  int64_t allocated_bytes_ = 0;
};

DeviceMemory& device_memory();

// The program's own segments: static shared memory lies in the writable ones, constants in the others.
Region& static_shared_memory();
bool is_constant(const void* address, int64_t bytes);

}  // namespace cloze::simt
