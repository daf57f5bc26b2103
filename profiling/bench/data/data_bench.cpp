// How fast the data room works. Loading is measured in tokens per second of processor time, on one thread.
//   cloze_data_bench prepare VOCAB CORPUS THREADS INPUT...   text to corpus
//   cloze_data_bench load CORPUS [LENGTH]                    plan + make + mask + pack, and what of it the
//   plan takes
#include <fmt/core.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string_view>
#include <vector>

#include "engine/data/corpus.h"
#include "engine/data/prepare.h"
#include "engine/data/pretraining_loader.h"

namespace {

using namespace cloze;

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  }
  double processor_seconds() const {
    return static_cast<double>(std::clock() - processor_begun_) / CLOCKS_PER_SEC;
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::clock_t processor_begun_ = std::clock();
};

double peak_mib() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void prepare(int count, char** arguments) {
  PrepareOptions options;
  options.vocabulary = arguments[0];
  options.output = arguments[1];
  options.threads = std::atoi(arguments[2]);
  for (int i = 3; i < count; ++i) options.inputs.emplace_back(arguments[i]);
  const Stopwatch watch;
  const CorpusManifest manifest = prepare_corpus(options);
  const double seconds = watch.seconds();
  fmt::print(
      "prepare: {} tokens, {} bytes in {:.2f} s ({:.2f} s of processor): {:.1f} MB/s, {:.2f} M tokens/s, "
      "peak {:.0f} MiB\n",
      manifest.counts.tokens, manifest.counts.text_bytes, seconds, watch.processor_seconds(),
      static_cast<double>(manifest.counts.text_bytes) / 1e6 / seconds,
      static_cast<double>(manifest.counts.tokens) / 1e6 / seconds, peak_mib());
}

void measure_loading(const std::shared_ptr<const Corpus>& corpus, const InstanceOptions& options,
                     const char* name) {
  constexpr int64_t sequences = 256;
  constexpr double enough = 3;
  const BatchSize batch{BatchSize::Unit::sequences, sequences};
  const InstancePlan plan(corpus, options, 1);
  Stopwatch index_watch;
  const StreamSize epoch = plan.epoch_size(0);
  const double index_seconds = index_watch.processor_seconds();

  const InstanceMaker maker(corpus, options, 1);
  Packer packer(maker);
  const auto ladder = capacity_ladder(capacity_of_sequences(options, sequences));
  PretrainingBatch packed;
  double plan_seconds = 0;
  int64_t tokens = 0;
  const Stopwatch watch;
  for (int64_t step = 0; watch.processor_seconds() < enough; ++step) {
    const Stopwatch plan_watch;
    const auto references = plan.batch(step, batch);
    plan_seconds += plan_watch.processor_seconds();
    packer.pack(references, 0, ladder, packed);
    tokens += packed.sequences.live_tokens;
  }
  const double seconds = watch.processor_seconds();
  fmt::print(
      "{:<24} {:6.1f} M tokens/s in all; plan {:4.1f}% of it; epoch of {} sequences, {:.1f} M tokens indexed "
      "in {:.2f} s "
      "({:.0f} M tokens/s)\n",
      name, static_cast<double>(tokens) / 1e6 / seconds, 100 * plan_seconds / seconds, epoch.sequences,
      static_cast<double>(epoch.tokens) / 1e6, index_seconds,
      static_cast<double>(epoch.tokens) / 1e6 / index_seconds);
}

void load(int count, char** arguments) {
  const auto corpus = Corpus::open(arguments[0]);
  InstanceOptions options;
  if (count > 1) options.max_sequence_length = std::atoi(arguments[1]);
  options.max_predictions = (options.max_sequence_length * 3 + 19) / 20;
  measure_loading(corpus, options, "pieces");
  options.whole_word = true;
  measure_loading(corpus, options, "whole words");
  options.next_sentence = false;
  measure_loading(corpus, options, "whole words, no pairs");
  fmt::print("unigram entropy {:.3f} nats; peak {:.0f} MiB (with mapped pages)\n", corpus->unigram_entropy(),
             peak_mib());
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const std::string_view mode = count > 1 ? arguments[1] : "";
    if (mode == "prepare" && count > 5) {
      prepare(count - 2, arguments + 2);
    } else if (mode == "load" && count > 2) {
      load(count - 2, arguments + 2);
    } else {
      fmt::print(stderr, "usage: {0} prepare VOCAB CORPUS THREADS INPUT... | {0} load CORPUS [LENGTH]\n",
                 arguments[0]);
      return 2;
    }
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
  }
}
