#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/observe/run_record.h"
#include "engine/observe/sample_predictions.h"

// `cloze report`: runs as one HTML page that needs nothing else: no script, no style, font or picture from
// elsewhere.
namespace cloze {

// A run with what a model of its last checkpoint puts into blanks of its held-out text.
struct ReportedRun {
  RunRecord record;
  std::vector<FilledExample> examples;
  std::string no_examples;  // why there are none; may be empty
};

struct ReportOptions {
  int examples = 6;  // blanks to fill per run; 0: none
};

// Reads the runs (a folder of several seeds stands for its runs). Throws UsageError where a folder is no run.
// A checkpoint that cannot be read costs its examples only.
std::vector<ReportedRun> read_runs(const std::vector<std::filesystem::path>& folders,
                                   const ReportOptions& options);

std::string report_page(const std::vector<ReportedRun>& runs);

}  // namespace cloze
