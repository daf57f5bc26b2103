// Trains a vocabulary on files, for profiling/compare/vocabulary_comparison.py.
//
//   cloze_vocabulary_bench SIZE uncased|cased THREADS OUTPUT FILE...
//
// Writes OUTPUT (vocab.txt) and prints one JSON line: words, pieces, seconds spent counting and merging.
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/text/vocabulary.h"
#include "engine/text/vocabulary_trainer.h"

namespace {

using namespace cloze;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int run(const std::vector<std::string>& words) {
  if (words.size() < 5) {
    throw UsageError({.what = "too few arguments",
                      .remedy = "cloze_vocabulary_bench SIZE uncased|cased THREADS OUTPUT FILE..."});
  }
  const double begin = now();
  WordCounter counter({.lowercase = words[1] == "uncased", .rules = TokenizerRules::huggingface},
                      {.threads = std::stoi(words[2])});
  for (size_t i = 4; i < words.size(); ++i) counter.add(MappedFile(words[i]).text());
  const WordCounts counts = counter.finish();
  const double counted = now();
  TrainedVocabulary trained = train_vocabulary(counts.words, {.size = std::stoi(words[0])});
  const double merged = now();
  write_file(words[3], Vocabulary(trained.pieces).text());
  const nlohmann::json report = {{"words", counts.words.size()},
                                 {"occurrences", counts.occurrences},
                                 {"pieces", trained.pieces.size()},
                                 {"alphabet", trained.alphabet},
                                 {"dropped_characters", trained.dropped_characters},
                                 {"counting_seconds", counted - begin},
                                 {"merging_seconds", merged - counted}};
  std::puts(report.dump().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cloze_vocabulary_bench: %s\n", error.what());
    return 1;
  }
}
