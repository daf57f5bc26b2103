#include "kernels/linear/matmul_choice.h"

#include <algorithm>
#include <utility>

#include "kernels/linear/matmul_choice_file.h"

namespace cloze {
namespace {

int64_t alignment_of(const Matmul& m) {
  uintptr_t bits = 256;
  for (const Tensor& operand : {m.left, m.right, m.output, m.bias, m.pre_activation, m.row_sums})
    bits |= reinterpret_cast<uintptr_t>(operand.data);
  return static_cast<int64_t>(bits & (~bits + 1));  // the lowest of them
}

}  // namespace

MatmulShape shape_of(const Matmul& m) {
  return {.left = m.left.dtype,
          .right = m.right.dtype,
          .output = m.output.dtype,
          .rows = m.output.rows,
          .columns = m.output.columns,
          .depth = m.transpose_left ? m.left.rows : m.left.columns,
          .left_stride = m.left.stride,
          .right_stride = m.right.stride,
          .output_stride = m.output.stride,
          .alignment = alignment_of(m),
          .transpose_left = m.transpose_left,
          .transpose_right = m.transpose_right,
          .accumulate = m.mode == GradientMode::accumulate,
          .quick_sums = m.quick_sums,
          .epilogue = static_cast<int>(m.epilogue)};
}

MatmulChoices::MatmulChoices(MatmulMachine machine, std::string file,
                             std::function<void(const std::string&)> say)
    : machine_(std::move(machine)), file_(std::move(file)), say_(std::move(say)) {
  if (!file_.empty()) read();
}

std::optional<MatmulAlgorithm> MatmulChoices::choose(const MatmulShape& shape, MatmulTrials& trials,
                                                     bool timed) {
  if (const auto found = chosen_.find(shape); found != chosen_.end()) {
    if (unchecked_.erase(shape) == 0 || trials.usable(found->second)) return found->second;
    chosen_.erase(found);
  }
  if (const auto found = untimed_.find(shape); found != untimed_.end()) return found->second;
  const std::vector<MatmulAlgorithm> proposals = trials.proposals();
  if (proposals.empty()) return untimed_[shape] = std::nullopt;
  if (!timed || !trials.can_time()) return untimed_[shape] = proposals.front();
  std::optional<MatmulAlgorithm> best;
  double least = 0;
  for (const MatmulAlgorithm& proposal : proposals) {
    const std::optional<double> seconds = trials.time(proposal);
    if (!seconds || (best && *seconds >= least)) continue;
    best = proposal;
    least = *seconds;
  }
  if (!best) return untimed_[shape] = std::nullopt;
  chosen_[shape] = *best;
  if (!file_.empty()) write();
  return best;
}

void MatmulChoices::read() {
  MatmulChoiceFile file;
  switch (read_matmul_choices(file_, file)) {
    case MatmulFileState::absent:
      return;
    case MatmulFileState::damaged:
      return say_("the matmul choices in " + file_ +
                  " are damaged or of another version; they are made again");
    case MatmulFileState::whole:
      break;
  }
  if (!(file.machine == machine_))
    return say_("the matmul choices in " + file_ + " are of " + file.machine.gpu + " with " +
                file.machine.library + ", this is " + machine_.gpu + " with " + machine_.library +
                "; they are made again");
  chosen_ = std::move(file.chosen);
  for (const auto& [shape, algorithm] : chosen_) unchecked_.insert(shape);
}

void MatmulChoices::write() {
  const std::string problem = write_matmul_choices(file_, {machine_, chosen_});
  if (!problem.empty()) say_("the matmul choices could not be kept in " + file_ + ": " + problem);
}

}  // namespace cloze
