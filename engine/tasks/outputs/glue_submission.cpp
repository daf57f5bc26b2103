#include "engine/tasks/outputs/glue_submission.h"

#include <fmt/core.h>

#include <algorithm>

namespace cloze {

std::optional<std::string> glue_submission_name(TaskPreset preset) {
  switch (preset) {
    case TaskPreset::cola:
      return "CoLA.tsv";
    case TaskPreset::sst2:
      return "SST-2.tsv";
    case TaskPreset::mrpc:
      return "MRPC.tsv";
    case TaskPreset::stsb:
      return "STS-B.tsv";
    case TaskPreset::qqp:
      return "QQP.tsv";
    case TaskPreset::mnli:
      return "MNLI-m.tsv";
    case TaskPreset::mnli_mismatched:
      return "MNLI-mm.tsv";
    case TaskPreset::qnli:
      return "QNLI.tsv";
    case TaskPreset::rte:
      return "RTE.tsv";
    case TaskPreset::wnli:
      return "WNLI.tsv";
    case TaskPreset::ax:
      return "AX.tsv";
    default:
      return std::nullopt;
  }
}

std::string glue_submission_header() {
  return "index\tprediction\n";
}

std::string glue_submission_line(int64_t index, std::string_view label) {
  return fmt::format("{}\t{}\n", index, label);
}

std::string glue_submission_line(int64_t index, float score) {
  return fmt::format("{}\t{:.3f}\n", index, std::clamp(score, 0.0f, 5.0f));
}

}  // namespace cloze
