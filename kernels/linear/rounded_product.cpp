#include "kernels/linear/rounded_product.h"

#include <dnnl.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "hwy/aligned_allocator.h"

// oneDNN's matmul primitive for bf16 operands. All sizes and strides are given when it runs, so that eight
// primitives, made once per thread, serve every product: the number of rows changes with every batch.
namespace cloze {
namespace {

using dnnl::memory;

// Operands are rounded a piece at a time, which stays in the caches while it is multiplied.
constexpr int64_t piece_rows = 512, piece_columns = 1024, piece_depth = 2048;

memory::desc description(const memory::dims& size, memory::data_type type, bool transposed, int64_t stride) {
  return {size, type, transposed ? memory::dims{1, stride} : memory::dims{stride, 1}};
}

// One thread's oneDNN: without concurrent execution built in, a primitive belongs to the thread that made it.
class RoundedMultiplier {
 public:
  RoundedMultiplier()
      : engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_),
        left_(allocate(piece_rows * piece_depth)),
        right_(allocate(piece_depth * piece_columns)) {}

  void multiply(const Product& product, const ProductBlock& block, bool add) {
    for (int64_t column = 0; column < block.columns; column += piece_columns) {
      const int64_t columns = std::min(piece_columns, block.columns - column);
      for (int64_t begin = 0; begin < product.depth; begin += piece_depth) {
        const int64_t depth = std::min(piece_depth, product.depth - begin);
        round(product.right, begin, block.column + column, depth, columns, right_.get());
        for (int64_t row = 0; row < block.rows; row += piece_rows) {
          const int64_t rows = std::min(piece_rows, block.rows - row);
          round(product.left, block.row + row, begin, rows, depth, left_.get());
          float* result = product.result + (block.row + row) * product.stride + block.column + column;
          execute(product, {rows, columns, depth}, result, add || begin > 0);
        }
      }
    }
  }

 private:
  struct Piece {
    int64_t rows, columns, depth;
  };
  using Memory = hwy::AlignedFreeUniquePtr<uint16_t[]>;

  static Memory allocate(int64_t elements) {
    Memory memory = hwy::AllocateAligned<uint16_t>(static_cast<size_t>(elements));
    if (!memory) throw std::bad_alloc();
    return memory;
  }

  // That part of the operand, as it is stored: transposed, its rows and columns change places.
  static void round(const Operand& operand, int64_t row, int64_t column, int64_t rows, int64_t columns,
                    uint16_t* rounded) {
    if (operand.transposed) std::swap(rows, columns);
    const float* source = operand.at(row, column);
    round_to_bf16(source, operand.stride, rows, columns, rounded);
  }

  void execute(const Product& product, const Piece& piece, float* result, bool add) {
    constexpr auto bf16 = memory::data_type::bf16, f32 = memory::data_type::f32;
    const bool left = product.left.transposed, right = product.right.transposed;
    const auto left_size =
        description({piece.rows, piece.depth}, bf16, left, left ? piece.rows : piece.depth);
    const auto right_size =
        description({piece.depth, piece.columns}, bf16, right, right ? piece.depth : piece.columns);
    const auto result_size = description({piece.rows, piece.columns}, f32, false, product.stride);
    primitive(left, right, add)
        .execute(stream_, {{DNNL_ARG_SRC, memory(left_size, engine_, left_.get())},
                           {DNNL_ARG_WEIGHTS, memory(right_size, engine_, right_.get())},
                           {DNNL_ARG_DST, memory(result_size, engine_, result)}});
    stream_.wait();
  }

  dnnl::matmul& primitive(bool left_transposed, bool right_transposed, bool add) {
    std::unique_ptr<dnnl::matmul>& made =
        primitives_[(left_transposed ? 4u : 0u) + (right_transposed ? 2u : 0u) + (add ? 1u : 0u)];
    if (!made) {
      constexpr int64_t any = DNNL_RUNTIME_DIM_VAL;
      dnnl::primitive_attr attributes;
      if (add) {
        dnnl::post_ops sum;
        sum.append_sum(1.0f);
        attributes.set_post_ops(sum);
      }
      const auto operand = [](bool transposed) {
        return description({any, any}, memory::data_type::bf16, transposed, any);
      };
      const memory::desc left = operand(left_transposed), right = operand(right_transposed),
                         result = description({any, any}, memory::data_type::f32, false, any);
#if DNNL_VERSION_MAJOR >= 3
      const dnnl::matmul::primitive_desc chosen(engine_, left, right, result, attributes);
#else
      const dnnl::matmul::primitive_desc chosen({left, right, result}, attributes, engine_);
#endif
      made = std::make_unique<dnnl::matmul>(chosen);
    }
    return *made;
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  Memory left_, right_;
  std::array<std::unique_ptr<dnnl::matmul>, 8> primitives_;
};

}  // namespace

bool multiplies_bf16() {
  static const bool does = [] {
    const auto has = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    const auto asked = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
    return (has & asked) == asked;
  }();
  return does;
}

bool multiply_rounded(const Product& product, const ProductBlock& block, bool add) noexcept {
  static thread_local std::unique_ptr<RoundedMultiplier> multiplier;
  try {
    if (!multiplier) multiplier = std::make_unique<RoundedMultiplier>();
    multiplier->multiply(product, block, add);
    return true;
  } catch (const std::exception&) {  // dnnl::error or std::bad_alloc
    return false;
  }
}

}  // namespace cloze
