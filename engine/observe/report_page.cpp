#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

#include "engine/observe/markup.h"
#include "engine/observe/report.h"
#include "engine/observe/report_charts.h"
#include "engine/observe/report_parts.h"
#include "engine/observe/report_style.h"

namespace cloze {

std::string report_page(const std::vector<ReportedRun>& runs) {
  std::vector<const RunRecord*> records;
  for (const ReportedRun& run : runs) records.push_back(&run.record);
  const std::string title = runs.size() == 1 ? runs[0].record.name : fmt::format("{} runs", runs.size());
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n<meta name='viewport' "
      "content='width=device-width, initial-scale=1'>\n<title>Cloze: "
      "{0}</title>\n<style>\n{1}</style>\n</head>\n"
      "<body>\n<main>\n<h1 class='name'>{0}</h1>\n<p class='quiet'>Written by cloze report, {2:%Y-%m-%d "
      "%H:%M} "
      "UTC</p>\n",
      escaped(title), report_style(),
      fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
  html += comparison_table(runs) + "<h2>Curves</h2>\n<div class='charts'>\n";
  for (const LineChart& chart : report_charts(records)) html += figure(chart);
  html += "</div>\n" + differences_table(runs);
  for (size_t i = 0; i < runs.size(); ++i) html += run_section(runs[i], i);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace cloze
