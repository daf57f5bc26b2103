#include "engine/tasks/outputs/glue_submission.h"

#include <fmt/core.h>

#include <algorithm>

namespace cloze {

std::optional<std::string> glue_submission_name(TaskPreset preset, const std::filesystem::path& test) {
  const auto test_is_of = [name = test.filename().string()](const char* part) {
    return name.find(part) != std::string::npos;
  };
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
      if (test_is_of("diagnostic") || test_is_of("AX")) return "AX.tsv";
      return test_is_of("mismatched") ? "MNLI-mm.tsv" : "MNLI-m.tsv";
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
