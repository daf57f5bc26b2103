// mma and ldmatrix: what the PTX manual says of their fragments, exactly.
#include <fmt/core.h>

#include <bit>
#include <cstring>

#include "tests/simt/block.h"

namespace cloze::simt {
namespace {

double bf16_half(uint32_t pair, int half) {
  const uint32_t bits = half == 0 ? pair << 16 : pair & 0xFFFF0000u;
  return std::bit_cast<float>(bits);
}

struct MatrixProduct {
  float (*d)[4];
  const uint32_t (*a)[4];
  const uint32_t (*b)[2];
};

// Lane l holds, with g = l / 4 and t = l % 4: A rows {g, g + 8, g, g + 8} at columns 2t and 2t + 8; B columns
// g at rows 2t and 2t + 8; D rows {g, g, g + 8, g + 8} at columns 2t, 2t + 1.
void multiply(void* const (&requests)[32]) {
  double a[16][16], b[16][8];
  for (int lane = 0; lane < warp_size; ++lane) {
    const auto& mine = *static_cast<MatrixProduct*>(requests[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int half = 0; half < 2; ++half) {
      for (int i = 0; i < 4; ++i)
        a[g + 8 * (i % 2)][2 * t + 8 * (i / 2) + half] = bf16_half((*mine.a)[i], half);
      for (int i = 0; i < 2; ++i) b[2 * t + 8 * i + half][g] = bf16_half((*mine.b)[i], half);
    }
  }
  for (int lane = 0; lane < warp_size; ++lane) {
    const auto& mine = *static_cast<MatrixProduct*>(requests[lane]);
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
      double sum = (*mine.d)[i];
      for (int k = 0; k < 16; ++k) sum += a[row][k] * b[k][column];
      (*mine.d)[i] = static_cast<float>(sum);
    }
  }
}

struct MatrixLoad {
  uint32_t* registers;
  int count;
  bool transposed;
  const void* row;
};

// Register m of lane l holds row l / 4, elements 2 (l % 4) and the next, of matrix m, whose row r lane 8m + r
// points to; transposed: the columns.
void distribute(void* const (&requests)[32]) {
  for (int lane = 0; lane < warp_size; ++lane) {
    const auto& mine = *static_cast<MatrixLoad*>(requests[lane]);
    for (int m = 0; m < mine.count; ++m) {
      uint16_t halves[2];
      for (int half = 0; half < 2; ++half) {
        const int major = lane / 4, minor = 2 * (lane % 4) + half;
        const int row = mine.transposed ? minor : major, column = mine.transposed ? major : minor;
        const void* source = static_cast<MatrixLoad*>(requests[8 * m + row])->row;
        std::memcpy(&halves[half], static_cast<const char*>(source) + 2 * column, 2);
      }
      mine.registers[m] = halves[0] | uint32_t{halves[1]} << 16;
    }
  }
}

}  // namespace

void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Place place) {
  MatrixProduct request{&d, &a, &b};
  warp_collective(&multiply, &request, false, place);
}

void load_matrices(uint32_t* registers, int count, bool transposed, const void* row, Place place) {
  const EmulatorCode own_code;
  Grid& grid = *running_grid();
  const Grid::Where where{__builtin_return_address(0), {}};
  if (lane() < 8 * count) {
    if (reinterpret_cast<uintptr_t>(row) % 16 != 0)
      grid.fail(FaultKind::misaligned, fmt::format("ldmatrix of a row at {}, not aligned to 16 bytes", row),
                where);
    grid.access(row, 16, Access::read, where);
  }
  MatrixLoad request{registers, count, transposed, row};
  warp_collective(&distribute, &request, false, place);
}

}  // namespace cloze::simt
