#pragma once

#include <vector>

#include "engine/observe/line_chart.h"
#include "engine/observe/run_record.h"

namespace cloze {

// The charts that the records of these runs give, the loss first; a run keeps its colour in all of them.
std::vector<LineChart> report_charts(const std::vector<const RunRecord*>& runs);

}  // namespace cloze
