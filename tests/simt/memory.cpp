#include "tests/simt/memory.h"

#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>
#include <vector>

#include "tests/simt/simt.h"

namespace cloze::simt {
namespace {

// Does nothing stand between an earlier access and one made now?
bool unordered(const Moment& earlier, const Moment& now) {
  if (earlier.launch != now.launch) return false;
  if (earlier.block != now.block) return true;
  if (earlier.barrier != now.barrier || earlier.thread == now.thread) return false;
  return earlier.warp != now.warp || earlier.sync == now.sync;
}

// Readers of one barrier epoch are remembered together.
void add_reader(Moment& readers, const Moment& now) {
  const bool together = readers.launch == now.launch && readers.block == now.block &&
                        readers.barrier == now.barrier && readers.thread != now.thread;
  if (!together) {
    if (readers.launch == now.launch && readers.block != now.block) {
      readers.block = UINT32_MAX;  // several blocks: unordered with every block
      return;
    }
    readers = now;
  } else if (readers.warp != now.warp) {
    readers.thread = readers.warp = several;
  } else if (readers.sync == now.sync) {
    readers.thread = several;
  } else {
    readers = now;
  }
}

struct Segment {
  const char* begin;
  int64_t bytes;
  bool writable;
};

// The loaded segments of the program itself (the first object that the loader names).
std::vector<Segment> program_segments() {
  std::vector<Segment> segments;
  const auto collect = [](dl_phdr_info* info, size_t, void* result) {
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const ElfW(Phdr)& header = info->dlpi_phdr[i];
      if (header.p_type != PT_LOAD) continue;
      static_cast<std::vector<Segment>*>(result)->push_back(
          {reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr),
           static_cast<int64_t>(header.p_memsz), (header.p_flags & PF_W) != 0});
    }
    return 1;
  };
  dl_iterate_phdr(collect, &segments);
  return segments;
}

}  // namespace

void Region::FreeCells::operator()(Cell* cells) const {
  std::free(cells);
}

Region::Region(std::string name, const void* begin, int64_t bytes)
    : name_(std::move(name)), begin_(static_cast<const char*>(begin)), bytes_(bytes) {
  const auto count = static_cast<size_t>(bytes / unit_bytes + 1);
  cells_.reset(static_cast<Cell*>(std::calloc(count, sizeof(Cell))));
  if (!cells_) throw std::bad_alloc();
}

bool Region::holds(const void* address, int64_t bytes) const {
  return offset(address) >= 0 && offset(address) + bytes <= bytes_;
}

int64_t Region::units(const void* address, int64_t bytes) const {
  return (offset(address) + bytes - 1) / unit_bytes - offset(address) / unit_bytes + 1;
}

Conflict Region::touch(const void* address, int64_t bytes, Access access, const Moment& now, bool per_block) {
  Cell* first = cell(address);
  for (Cell* it = first; it < first + units(address, bytes); ++it) {
    const bool written =
        per_block ? it->write.launch == now.launch && it->write.block == now.block : it->written;
    if (it->in_flight && (!per_block || written)) return {Conflict::Kind::in_flight, access, it->write};
    if (access == Access::read && !written) return {Conflict::Kind::never_written, access, {}};
    if (unordered(it->write, now) && (!per_block || written))
      return {Conflict::Kind::race, Access::write, it->write};
    if (access == Access::read) {
      add_reader(it->read, now);
      continue;
    }
    const bool read_before = per_block ? it->read.block == now.block : true;
    if (read_before && unordered(it->read, now)) return {Conflict::Kind::race, Access::read, it->read};
    it->write = now;
    it->written = true;
  }
  return {};
}

void Region::mark_written(const void* address, int64_t bytes) {
  Cell* first = cell(address);
  for (Cell* it = first; it < first + units(address, bytes); ++it) it->written = true;
}

bool Region::is_written(const void* address, int64_t bytes) const {
  const Cell* first = cell(address);
  return std::all_of(first, first + units(address, bytes), [](const Cell& it) { return it.written; });
}

void Region::mark_in_flight(const void* address, int64_t bytes, bool in_flight) {
  Cell* first = cell(address);
  for (Cell* it = first; it < first + units(address, bytes); ++it) it->in_flight = in_flight;
}

void* DeviceMemory::allocate(size_t bytes) {
  constexpr size_t alignment = 256, gap = 4096;  // the runtime promises 256-byte alignment
  Allocation allocation;
  allocation.memory.reset(new char[bytes + 2 * gap + alignment]);
  const auto start = reinterpret_cast<uintptr_t>(allocation.memory.get()) + gap;
  char* begin = reinterpret_cast<char*>((start + alignment - 1) / alignment * alignment);
  std::memset(begin, 0xFF, bytes);  // NaN; -1
  allocation.region = Region("device memory", begin, static_cast<int64_t>(bytes));
  allocated_bytes_ += static_cast<int64_t>(bytes);
  allocations_.emplace(begin, std::move(allocation));
  return begin;
}

bool DeviceMemory::free(void* pointer) {
  const auto it = allocations_.find(static_cast<char*>(pointer));
  if (it == allocations_.end()) return false;
  allocated_bytes_ -= it->second.region.bytes();
  last_ = nullptr;
  allocations_.erase(it);
  return true;
}

Region* DeviceMemory::find(const void* address) {
  if (last_ != nullptr && last_->holds(address, 1)) return last_;
  const auto after = allocations_.upper_bound(static_cast<const char*>(address));
  if (after == allocations_.begin()) return nullptr;
  return last_ = &std::prev(after)->second.region;
}

DeviceMemory& device_memory() {
  static DeviceMemory memory;
  return memory;
}

int64_t allocated_bytes() {
  return device_memory().allocated_bytes();
}

void require_written(const void* address, int64_t bytes) {
  const Region* region = device_memory().find(address);
  if (region == nullptr || !region->holds(address, bytes))
    throw Fault(FaultKind::out_of_bounds, "a library call reads what is no device memory");
  if (!region->is_written(address, bytes))
    throw Fault(FaultKind::never_written, "a library call reads device memory that was never written");
}

void mark_written(const void* address, int64_t bytes) {
  Region* region = device_memory().find(address);
  if (region == nullptr || !region->holds(address, bytes))
    throw Fault(FaultKind::out_of_bounds, "a library call writes what is no device memory");
  region->mark_written(address, bytes);
}

Region& static_shared_memory() {
  static Region region = [] {
    for (const Segment& segment : program_segments())
      if (segment.writable) return Region("static shared memory", segment.begin, segment.bytes);
    return Region("static shared memory", nullptr, 0);
  }();
  return region;
}

bool is_constant(const void* address, int64_t bytes) {
  static const std::vector<Segment> segments = program_segments();
  const char* begin = static_cast<const char*>(address);
  return std::any_of(segments.begin(), segments.end(), [&](const Segment& segment) {
    return !segment.writable && begin >= segment.begin && begin + bytes <= segment.begin + segment.bytes;
  });
}

}  // namespace cloze::simt
