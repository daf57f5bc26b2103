#include <dnnl.h>
#include <fmt/core.h>

#include <memory>

#include "engine/base/error.h"
#include "engine/observe/bench.h"
#include "engine/observe/kernel_cases/activation.h"
#include "engine/observe/kernel_cases/attention.h"
#include "engine/observe/kernel_cases/cross_entropy.h"
#include "engine/observe/kernel_cases/embedding.h"
#include "engine/observe/kernel_cases/layer_norm.h"
#include "engine/observe/kernel_cases/linear.h"
#include "engine/observe/kernel_cases/optimizer.h"

namespace cloze {
namespace {

namespace cases = kernel_cases;

constexpr int64_t tokens = 4096, predictions = 640, vocabulary = 30522, padded_vocabulary = 30592;
constexpr float usual_dropout = 0.1f;

struct ModelSizes {
  const char* name;
  int64_t hidden, wide, heads;
};
constexpr ModelSizes mini{"mini", 256, 1024, 4}, mini_lm{"MiniLM", 384, 1536, 12},
    base{"base", 768, 3072, 12};

// A member function of a case that is made when it is first asked for; `work` says what a run of it is.
template <typename Case, typename... Arguments>
std::function<BenchRun()> runs_of(void (Case::*run)(), double (Case::*work)() const, Arguments... arguments) {
  return [=]() -> BenchRun {
    auto one = std::make_shared<Case>(arguments...);
    const double amount = ((*one).*work)();
    return {[one = std::move(one), run] { ((*one).*run)(); }, amount};
  };
}

// result[rows, columns] = op(left) · op(right), with operands as the kernel has them.
struct LibraryProduct {
  char left, right;  // 'N' as it is, 'T' transposed
  int64_t rows, columns, depth;
};
std::function<BenchRun()> library_runs(const LibraryProduct& p) {
  return [p]() -> BenchRun {
    using Matrix = cases::Operand<float>;
    auto a =
        p.left == 'N' ? std::make_shared<Matrix>(p.rows, p.depth) : std::make_shared<Matrix>(p.depth, p.rows);
    auto b = p.right == 'N' ? std::make_shared<Matrix>(p.depth, p.columns)
                            : std::make_shared<Matrix>(p.columns, p.depth);
    auto result = std::make_shared<Matrix>(p.rows, p.columns);
    const double flops =
        2.0 * static_cast<double>(p.rows) * static_cast<double>(p.columns) * static_cast<double>(p.depth);
    return {[=] {
              const Tensor x = a->tensor(), y = b->tensor(), z = result->tensor();
              const dnnl_status_t status =
                  dnnl_sgemm(p.left, p.right, p.rows, p.columns, p.depth, 1.0f, x.as<float>(), x.stride,
                             y.as<float>(), y.stride, 0.0f, z.as<float>(), z.stride);
              if (status != dnnl_success)
                throw Error({.what = "oneDNN could not multiply two matrices (out of memory?)"});
            },
            flops};
  };
}

void add_linear(std::vector<BenchCase>& all, const char* model, int64_t rows, int64_t out, int64_t in) {
  using cases::Linear;
  struct Way {
    const char* name;
    void (Linear::*run)();
    LibraryProduct product;
  };
  for (const Way& way :
       {Way{"linear_forward", &Linear::forward, {'N', 'T', rows, out, in}},
        Way{"linear_input_gradient", &Linear::input_gradient, {'N', 'N', rows, in, out}},
        Way{"linear_weight_gradient", &Linear::weight_gradient, {'T', 'N', out, in, rows}}}) {
    all.push_back({.group = "matmul",
                   .name = way.name,
                   .shape = fmt::format("{}: {} rows, {} to {}", model, rows, in, out),
                   .ceiling = BenchCeiling::library,
                   .make = runs_of(way.run, &Linear::flops, rows, out, in),
                   .make_library = library_runs(way.product)});
  }
}

void add_dense_layers(std::vector<BenchCase>& all, const ModelSizes& model) {
  add_linear(all, model.name, tokens, 3 * model.hidden, model.hidden);
  add_linear(all, model.name, tokens, model.hidden, model.hidden);
  add_linear(all, model.name, tokens, model.wide, model.hidden);
  add_linear(all, model.name, tokens, model.hidden, model.wide);
  add_linear(all, model.name, predictions, padded_vocabulary, model.hidden);
}

void add_attention(std::vector<BenchCase>& all, const ModelSizes& model, int64_t length) {
  using cases::Attention;
  const int64_t head_size = model.hidden / model.heads;
  const std::string shape =
      fmt::format("{}: {} heads of {}, length {}, dropout 0.1", model.name, model.heads, head_size, length);
  const auto add = [&](const char* name, void (Attention::*run)(), double (Attention::*flops)() const) {
    all.push_back({.group = "attention",
                   .name = name,
                   .shape = shape,
                   .ceiling = BenchCeiling::matmul,
                   .make = runs_of(run, flops, model.heads, head_size, tokens, length, usual_dropout)});
  };
  add("attention_forward", &Attention::forward, &Attention::forward_flops);
  add("attention_backward", &Attention::backward, &Attention::backward_flops);
}

// What moves more than it computes.
void add_copying(std::vector<BenchCase>& all, const char* group, const char* name, std::string shape,
                 std::function<BenchRun()> make) {
  all.push_back({.group = group, .name = name, .shape = std::move(shape), .make = std::move(make)});
}

void add_row_kernels(std::vector<BenchCase>& all, const ModelSizes& model) {
  using cases::Activate, cases::Embedding, cases::LayerNorm;
  const std::string rows = fmt::format("{}: {} x {}, dropout 0.1", model.name, tokens, model.hidden);
  const std::string wide = fmt::format("{}: {} x {}, by tanh", model.name, tokens, model.wide);
  add_copying(all, "layer_norm", "layer_norm_forward", rows,
              runs_of(&LayerNorm::forward, &LayerNorm::forward_bytes, tokens, model.hidden, usual_dropout));
  add_copying(all, "layer_norm", "layer_norm_backward", rows,
              runs_of(&LayerNorm::backward, &LayerNorm::backward_bytes, tokens, model.hidden, usual_dropout));
  add_copying(
      all, "gelu", "gelu_forward", wide,
      runs_of(&Activate::forward, &Activate::forward_bytes, Activation::gelu_tanh, tokens, model.wide));
  add_copying(
      all, "gelu", "gelu_backward", wide,
      runs_of(&Activate::backward, &Activate::backward_bytes, Activation::gelu_tanh, tokens, model.wide));
  add_copying(
      all, "embedding", "embedding_forward", rows,
      runs_of(&Embedding::forward, &Embedding::forward_bytes, tokens, model.hidden, padded_vocabulary));
  add_copying(
      all, "embedding", "embedding_backward", rows,
      runs_of(&Embedding::backward, &Embedding::backward_bytes, tokens, model.hidden, padded_vocabulary));
}

void add_loss_and_optimizers(std::vector<BenchCase>& all) {
  using cases::CrossEntropyLoss, cases::Optimizer;
  add_copying(
      all, "cross_entropy", "cross_entropy", fmt::format("{} x {}, with gradient", predictions, vocabulary),
      runs_of(&CrossEntropyLoss::run, &CrossEntropyLoss::bytes, predictions, vocabulary, padded_vocabulary));
  const std::string shape = "32 M parameters";
  constexpr int64_t count = int64_t{32} << 20;
  add_copying(all, "optimizer", "gradient_norm", shape,
              runs_of(&Optimizer::norm, &Optimizer::norm_bytes, count));
  add_copying(all, "optimizer", "adamw", shape,
              runs_of(&Optimizer::update_by_adamw, &Optimizer::adamw_bytes, count));
  add_copying(all, "optimizer", "lamb", shape,
              runs_of(&Optimizer::update_by_lamb, &Optimizer::lamb_bytes, count));
}

std::vector<BenchCase> make_cases() {
  std::vector<BenchCase> all;
  for (const ModelSizes& model : {mini, mini_lm, base}) add_dense_layers(all, model);
  for (const ModelSizes& model : {mini, mini_lm, base}) add_attention(all, model, 128);
  add_attention(all, base, 512);
  for (const ModelSizes& model : {mini, mini_lm, base}) add_row_kernels(all, model);
  add_loss_and_optimizers(all);
  return all;
}

}  // namespace

const std::vector<BenchCase>& bench_cases() {
  static const std::vector<BenchCase> all = make_cases();
  return all;
}

}  // namespace cloze
