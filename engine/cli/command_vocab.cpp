#include <CLI/CLI.hpp>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/cli/commands.h"
#include "engine/cli/tokenizer_flags.h"
#include "engine/data/count_words.h"
#include "engine/text/vocabulary.h"
#include "engine/text/vocabulary_trainer.h"

namespace cloze {
namespace {

struct VocabCall {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path output;
  std::string kind = "auto", text_field = "text";
  VocabularyTrainerOptions training;
  TokenizerFlags tokenizer;
  int threads = default_threads();
};

void run(const VocabCall& call) {
  WordCounter counter(call.tokenizer.options(), {.threads = call.threads});
  count_words(call.inputs, text_kind(call.kind), call.text_field, counter);
  const WordCounts counts = counter.finish();
  log::info("{} distinct words, {} occurrences", counts.words.size(), counts.occurrences);
  if (counts.pruned_words > 0) {
    log::warning("{} rare words ({} occurrences) were left out to bound memory", counts.pruned_words,
                 counts.pruned_occurrences);
  }
  const TrainedVocabulary trained = train_vocabulary(counts.words, call.training);
  if (trained.dropped_characters > 0) {
    log::info("{} rare characters are not in the vocabulary; {} words with them become [UNK]",
              trained.dropped_characters, trained.dropped_occurrences);
  }
  if (static_cast<int32_t>(trained.pieces.size()) < call.training.size) {
    log::warning("only {} pieces: no further pair occurs {} times", trained.pieces.size(),
                 call.training.min_frequency);
  }
  const Vocabulary vocabulary(trained.pieces, call.output.string());
  write_file(call.output, vocabulary.text());
  log::info("{} pieces in {}", vocabulary.size(), call.output.string());
}

}  // namespace

void add_vocab_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<VocabCall>();
  CLI::App* command = program.add_subcommand("vocab", "Train a WordPiece vocabulary on text");
  command->add_option("--input", call->inputs, "Files and folders of text")->required();
  command->add_option("--size", call->training.size, "Pieces in all")->required()->check(CLI::PositiveNumber);
  command->add_option("--output", call->output, "The vocab.txt to write")->required();
  command->add_option("--min-frequency", call->training.min_frequency, "Rarer merges are not made")
      ->capture_default_str();
  command->add_option("--alphabet", call->training.max_alphabet, "Most characters kept")
      ->capture_default_str();
  command->add_option("--kind", call->kind, "auto, sentences, paragraphs, markdown or jsonl")
      ->capture_default_str();
  command->add_option("--text-field", call->text_field, "Of JSONL records")->capture_default_str();
  command->add_option("--threads", call->threads, "Processor threads")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  add_tokenizer_flags(*command, call->tokenizer);
  command->callback([call] { run(*call); });
}

}  // namespace cloze
