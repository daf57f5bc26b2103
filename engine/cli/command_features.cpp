#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/cli/commands.h"
#include "engine/data/examples/record_lines.h"
#include "engine/data/examples/text_file.h"
#include "engine/model/bert_parameters.h"
#include "engine/tasks/feature_extraction.h"
#include "engine/train/model_state.h"
#include "engine/train/run_setup.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

struct FeaturesCall {
  fs::path model, input, output;
  FeatureOptions options;
  bool cased = false, uncased = false;
  int threads = 0;

  OpenOptions open_options() const {
    if (!cased && !uncased) return {};
    return {.lowercase = uncased};
  }
};

// Blocks of the input file, or of standard input.
class InputBlocks {
 public:
  explicit InputBlocks(const fs::path& path) {
    if (!path.empty()) file_ = std::make_unique<TextFile>(path);
  }
  std::string_view next() {
    if (file_) return file_->next_block();
    constexpr size_t block_bytes = 64 << 10;
    block_.resize(block_bytes);
    std::cin.read(block_.data(), static_cast<std::streamsize>(block_.size()));
    return std::string_view(block_).substr(0, static_cast<size_t>(std::cin.gcount()));
  }

 private:
  std::unique_ptr<TextFile> file_;  // none: standard input
  std::string block_;
};

void run(const FeaturesCall& call) {
  const std::string name = call.input.empty() ? "standard input" : call.input.string();
  InputBlocks blocks(call.input);
  const Checkpoint checkpoint = open_model(call.model, call.open_options());
  set_thread_count(thread_number(call.threads));
  const BertConfig& config = checkpoint.config().bert;
  const ParameterLayout layout =
      bert_parameters(config, {.pooler = false, .masked_language = false, .next_sentence = false},
                      VocabularyRows::as_in_files);
  const auto engine = make_engine(DeviceKind::cpu, layout.elements());
  require_complete(place_parameters(*engine, layout, checkpoint.parameters()));
  FeatureExtraction extraction(
      config, layout, *engine,
      std::make_shared<const Tokenizer>(checkpoint.tokenizer().vocabulary, checkpoint.tokenizer().options),
      call.options);

  AtomicFile output(call.output);
  RecordLines lines([&] { return blocks.next(); }, name);
  const auto next = [&](std::string_view& line) {
    RecordLine found;
    const bool more = lines.next(found);
    line = found.text;
    return more;
  };
  const EncodingCounts counts = extraction.run(next, [&](std::string_view line) { output.write(line); });
  if (counts.sequences == 0) throw Error({.what = "the input holds no line", .where = name});
  output.commit();
  log::info("{} lines, {} tokens, {} line(s) cut to {} tokens: {}", counts.sequences, counts.tokens,
            counts.cut_sequences, call.options.max_length, call.output.string());
}

}  // namespace

void add_features_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<FeaturesCall>();
  CLI::App* command = program.add_subcommand(
      "features",
      "What layers of the encoder make of every token of every line, as JSON lines like those of "
      "extract_features.py; without --input, of the lines of standard input");
  command
      ->add_option("--model", call->model,
                   "A run, a checkpoint, a Hugging Face folder or a TensorFlow checkpoint")
      ->required();
  command->add_option("--input", call->input,
                      "A text a line, or two with ` ||| ` between; plain or packed (.gz, .xz, .zst)");
  command->add_option("--output", call->output, "The file of JSON lines to write")->required();
  command->add_option("--layers", call->options.layers, "Layers from 0, or from -1, which is the last")
      ->delimiter(',')
      ->capture_default_str();
  command
      ->add_option("--max-length", call->options.max_length,
                   "Most tokens of a line, [CLS] and [SEP] included; the rest is cut off")
      ->capture_default_str();
  CLI::Option* cased = command->add_flag(
      "--cased", call->cased, "Text keeps upper case and accents (default: as the model's files say)");
  command->add_flag("--uncased", call->uncased, "Text is lowercased")->excludes(cased);
  command->add_option("--threads", call->threads, "Processor threads; 0: all")->check(CLI::NonNegativeNumber);
  command->callback([call] { run(*call); });
}

}  // namespace cloze
