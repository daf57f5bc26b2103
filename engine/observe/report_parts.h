#pragma once

#include <string>
#include <vector>

#include "engine/observe/report.h"

// The parts of a report page, as HTML.
namespace cloze {

// A run's name with its colour; `index` is its place among the runs of the page.
std::string run_heading(const RunRecord& run, size_t index);

// A row per run: how far it is, its losses, scores, speed. Columns that no run fills are left out.
std::string comparison_table(const std::vector<ReportedRun>& runs);

// The keys whose values differ between pretraining runs; empty where there are none to compare.
std::string differences_table(const std::vector<ReportedRun>& runs);

// Everything that one run says for itself.
std::string run_section(const ReportedRun& run, size_t index);

}  // namespace cloze
