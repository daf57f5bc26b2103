#include "engine/observe/report.h"

#include <map>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/train/filling_model.h"

namespace cloze {
namespace {

constexpr int guesses_shown = 4;

// The validation corpus, or else the training corpus.
std::optional<std::filesystem::path> corpus_of(const RunRecord& record) {
  for (const auto& corpus : {record.validation_corpus, record.train_corpus}) {
    if (corpus && std::filesystem::exists(*corpus / CorpusFiles::manifest)) return corpus;
  }
  return std::nullopt;
}

void add_examples(ReportedRun& run, int count) {
  const RunRecord& record = run.record;
  if (!record.pretraining() || count == 0) return;
  const auto corpus = corpus_of(record);
  if (!corpus) {
    run.no_examples = "its corpora are no longer where config.yaml says";
  } else if (record.checkpoints.empty()) {
    run.no_examples = "there is no checkpoint yet";
  } else {
    std::vector<FilledExample> examples =
        sentences_with_blanks(*Corpus::open(*corpus), static_cast<size_t>(count));
    FillingModel model(std::make_shared<const Checkpoint>(open_model(record.folder)));
    fill(examples, model.filling(), guesses_shown);
    run.examples = std::move(examples);
  }
}

// Runs of one name get the folder above before it, as often as it takes.
void tell_apart(std::vector<ReportedRun>& runs) {
  constexpr int deepest = 8;
  for (int depth = 1; depth < deepest; ++depth) {
    std::map<std::string, int> count;
    for (const ReportedRun& run : runs) ++count[run.record.name];
    for (ReportedRun& run : runs) {
      if (count[run.record.name] == 1) continue;
      std::filesystem::path above = std::filesystem::absolute(run.record.folder / "x").lexically_normal();
      for (int i = 0; i <= depth; ++i) above = above.parent_path();
      if (above.has_filename()) run.record.name = above.filename().string() + "/" + run.record.name;
    }
  }
}

}  // namespace

std::vector<ReportedRun> read_runs(const std::vector<std::filesystem::path>& folders,
                                   const ReportOptions& options) {
  std::vector<ReportedRun> runs;
  for (const std::filesystem::path& folder : folders) {
    for (const std::filesystem::path& path : runs_in(folder)) runs.push_back({.record = read_run(path)});
  }
  tell_apart(runs);
  for (ReportedRun& run : runs) {
    try {
      add_examples(run, options.examples);
    } catch (const Error& error) {
      log::warning("{}: no examples in the report: {}", run.record.name, error.problem().what);
      run.no_examples = error.problem().what;
    }
  }
  return runs;
}

}  // namespace cloze
