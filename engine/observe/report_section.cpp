#include <fmt/format.h>

#include <algorithm>

#include "engine/base/format.h"
#include "engine/observe/markup.h"
#include "engine/observe/report_parts.h"

namespace cloze {
namespace {

std::string memory_table(const RunFacts& facts) {
  struct Part {
    const char* name;
    int64_t bytes;
  };
  const std::vector<Part> parts{{"parameters", facts.parameter_bytes},
                                {"gradients", facts.gradient_bytes},
                                {"moments", facts.moment_bytes},
                                {"activations and workspace", facts.activation_bytes}};
  double most = 1;
  for (const Part& part : parts) most = std::max(most, static_cast<double>(part.bytes));
  std::string html = "<table class='memory'>\n";
  for (const Part& part : parts) {
    html += fmt::format(
        "<tr><td>{}</td><td class='number'>{}</td><td><span class='bar' style='width: {:.1f}%'></span>"
        "</td></tr>\n",
        part.name, human_bytes(static_cast<uint64_t>(part.bytes)),
        100 * static_cast<double>(part.bytes) / most);
  }
  return html +
         fmt::format(
             "<tr><td>the process at its peak</td><td class='number'>{}</td><td class='quiet'>of {} of "
             "the machine</td></tr>\n</table>\n",
             human_bytes(facts.peak_bytes), human_bytes(facts.machine_bytes));
}

std::string hardware(const RunRecord& run) {
  if (!run.facts)
    return "<p class='quiet'>Hardware and memory were not recorded: the run is of an earlier version; its "
           "log, below, "
           "names the processor.</p>\n";
  const RunFacts& facts = *run.facts;
  return fmt::format("<h3>Hardware and memory</h3>\n<p>{}; device {}, {} threads{}</p>\n{}",
                     escaped(facts.cpu), escaped(facts.device), facts.threads,
                     facts.processes > 1 ? fmt::format(", {} processes", facts.processes) : "",
                     memory_table(facts));
}

std::string blanks(const ReportedRun& run) {
  if (run.examples.empty())
    return run.no_examples.empty()
               ? ""
               : fmt::format("<p class='quiet'>No blanks were filled: {}.</p>\n", escaped(run.no_examples));
  std::string html =
      "<h3>Blanks in held-out text</h3>\n<p class='quiet'>What the last checkpoint puts into them; "
      "underlined what "
      "stood there.</p>\n<table>\n";
  for (const FilledExample& example : run.examples) {
    html += fmt::format("<tr><td>{} <span class='blank'>{}</span> {}<br>", escaped(example.before),
                        escaped(example.truth), escaped(example.after));
    for (const FilledPiece& guess : example.guesses) {
      html += fmt::format("<span class='guess{}'>{} {:.0f} %</span>",
                          guess.piece == example.truth ? " right" : "", escaped(guess.piece),
                          100 * guess.probability);
    }
    html += "</td></tr>\n";
  }
  return html + "</table>\n";
}

std::string results(const RunRecord& run) {
  std::string html;
  if (!run.results.empty()) {
    html += "<h3>Results (eval_results.txt)</h3>\n<table>\n";
    for (const auto& [name, value] : run.results)
      html += fmt::format("<tr><td>{}</td><td class='number'>{:.6g}</td></tr>\n", escaped(name), value);
    html += "</table>\n";
  }
  if (!run.predictions.empty()) {
    html += "<h3>First predictions</h3>\n<div class='wide'><table>\n";
    for (const auto& [id, prediction] : run.predictions)
      html += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escaped(id), escaped(prediction));
    html += "</table></div>\n";
  }
  return html;
}

std::string notes(const RunRecord& run) {
  std::string html;
  if (run.metrics.series.empty())
    html += "<p>The run has not reported anything yet.</p>\n";
  else if (std::none_of(run.metrics.series.begin(), run.metrics.series.end(),
                        [](const auto& entry) { return entry.first.starts_with("eval/"); }))
    html += "<p class='quiet'>There is no evaluation yet.</p>\n";
  if (run.metrics.broken_lines > 0)
    html += fmt::format(
        "<p class='quiet'>{} line{} of metrics.jsonl {} no record and left out: one that is being "
        "written, or that a crash cut.</p>\n",
        run.metrics.broken_lines, run.metrics.broken_lines == 1 ? "" : "s",
        run.metrics.broken_lines == 1 ? "is" : "are");
  return html;
}

}  // namespace

std::string run_section(const ReportedRun& run, size_t index) {
  const RunRecord& record = run.record;
  std::string steps;
  for (const int64_t step : record.checkpoints) steps += fmt::format("{}{}", steps.empty() ? "" : ", ", step);
  std::string html = fmt::format("<section>\n<h2>{}</h2>\n", run_heading(record, index));
  if (const std::string folder = record.folder.string(); folder != record.name)
    html += fmt::format("<p class='quiet name'>{}</p>\n", escaped(folder));
  html += notes(record) + results(record) + blanks(run) + hardware(record);
  html += fmt::format("<p class='quiet'>Checkpoints: {}.</p>\n", steps.empty() ? "none yet" : steps);
  html += fmt::format("<details><summary>Configuration (config.yaml)</summary><pre>{}</pre></details>\n",
                      escaped(record.config_yaml));
  if (!record.log_head.empty())
    html += fmt::format("<details><summary>Beginning of log.txt</summary><pre>{}</pre></details>\n",
                        escaped(record.log_head));
  return html + "</section>\n";
}

}  // namespace cloze
