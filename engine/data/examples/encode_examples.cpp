#include "engine/data/examples/encode_examples.h"

#include <algorithm>
#include <utility>

#include "engine/base/format.h"
#include "engine/base/log.h"
#include "engine/data/ordered_pipeline.h"

namespace cloze {
namespace {

constexpr size_t examples_at_once = 256;  // of one thread

struct Chunk {
  size_t begin = 0, end = 0;
  std::vector<EncodedExample> encoded;
  EncodingCounts counts;
};

void report(const ExampleSet& set, const EncodingCounts& counts, int max_sequence_length) {
  const std::string file = set.file.string();
  log::info("{}: {} sequences, {} tokens, the longest {}", file, counts.sequences, counts.tokens,
            counts.longest);
  if (counts.cut_sequences > 0) {
    log::warning(
        "{}: {} sequence(s) are longer than {} tokens and were cut ({})", file, counts.cut_sequences,
        max_sequence_length,
        human_percent(static_cast<double>(counts.cut_sequences) / static_cast<double>(counts.sequences)));
  }
  if (counts.cut_words > 0) log::warning("{}: the tags of {} word(s) were cut off", file, counts.cut_words);
  if (counts.words_without_pieces > 0) {
    log::warning("{}: {} word(s) have no characters the tokenizer keeps, their tags are lost", file,
                 counts.words_without_pieces);
  }
  if (counts.empty_sequences > 0) {
    log::warning("{}: {} example(s) have no token of text", file, counts.empty_sequences);
  }
  constexpr int64_t one_in = 20;
  if (counts.unknown * one_in > counts.tokens) {
    log::warning("{}: {} of the tokens are unknown; does the vocabulary suit this text?", file,
                 human_percent(static_cast<double>(counts.unknown) / static_cast<double>(counts.tokens)));
  }
}

}  // namespace

EncodedExamples encode_examples(const ExampleSet& set, const ExampleEncoder& encoder, ExampleUse use,
                                int threads) {
  EncodedExamples result;
  result.examples.reserve(set.examples.size());
  size_t claimed = 0;
  OrderedPipeline<Chunk> chunks(
      threads, 2 * static_cast<size_t>(std::max(1, threads)),
      [&](Chunk& chunk) {
        chunk.begin = claimed;
        chunk.end = claimed = std::min(claimed + examples_at_once, set.examples.size());
        return chunk.begin < chunk.end;
      },
      [&](Chunk& chunk) {
        chunk.encoded.clear();
        chunk.counts = {};
        for (size_t i = chunk.begin; i < chunk.end; ++i) {
          const Example& example = set.examples[i];
          chunk.encoded.push_back(encoder.encode(example, set.place(example), use, chunk.counts));
        }
      });
  for (Chunk chunk; chunks.next(chunk);) {
    std::move(chunk.encoded.begin(), chunk.encoded.end(), std::back_inserter(result.examples));
    result.counts += chunk.counts;
  }
  report(set, result.counts, encoder.options().max_sequence_length);
  return result;
}

}  // namespace cloze
