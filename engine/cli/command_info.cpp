#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "engine/base/error.h"
#include "engine/base/format.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/checkpoint/tensorflow_files.h"
#include "engine/checkpoint/tensorflow_weights.h"
#include "engine/cli/commands.h"
#include "engine/data/corpus.h"
#include "engine/model/bert_parameters.h"

namespace cloze {
namespace {

std::string about_corpus(const std::filesystem::path& folder, bool verify) {
  const auto corpus = Corpus::open(folder);
  if (verify) corpus->verify();
  const CorpusManifest& manifest = corpus->manifest();
  const CorpusCounts& counts = manifest.counts;
  std::string text = fmt::format("corpus            {}\n", folder.string());
  text += fmt::format("documents         {}\nsentences         {}\ntokens            {}\n", counts.documents,
                      counts.sentences, counts.tokens);
  text += fmt::format("text              {} in {} lines\n", human_bytes(counts.text_bytes), counts.lines);
  text += fmt::format("unknown tokens    {:.3f} %\nduplicate lines   {:.2f} %\ninvalid bytes     {}\n",
                      100 * manifest.unknown_rate(), 100 * manifest.duplicates.rate(), counts.invalid_bytes);
  text += fmt::format("vocabulary        {} pieces, {}, digest {}\n", manifest.vocabulary_size,
                      manifest.tokenizer.lowercase ? "uncased" : "cased", manifest.vocabulary_digest);
  text += fmt::format("rules             {}, Unicode {}\n",
                      manifest.tokenizer.rules == TokenizerRules::google ? "google" : "huggingface",
                      manifest.unicode_version);
  text += fmt::format("unigram entropy   {:.4f} nats per token (what word frequencies alone would lose)\n",
                      corpus->unigram_entropy());
  for (const CorpusInput& input : manifest.inputs)
    text += fmt::format("input             {} ({})\n", input.path, human_bytes(input.bytes));
  return text;
}

std::string about_model(const std::filesystem::path& folder, bool verify) {
  const Checkpoint checkpoint = open_model(folder);
  if (verify) checkpoint.verify(CheckpointFiles::all);
  const BertConfig& config = checkpoint.config().bert;
  const TensorSource& tensors = checkpoint.parameters();
  double parameters = 0;
  for (const TensorInfo& tensor : tensors.tensors()) {
    double elements = 1;
    for (const int64_t size : tensor.shape) elements *= static_cast<double>(size);
    parameters += elements;
  }
  std::string text = fmt::format("checkpoint        {}\n", checkpoint.folder().string());
  if (const auto step = checkpoint.step()) text += fmt::format("step              {}\n", *step);
  text +=
      fmt::format("resumable         {}\n", checkpoint.resumable() ? "yes" : "no: only the model is there");
  text += fmt::format("parameters        {:.0f} in {} tensors\n", parameters, tensors.tensors().size());
  text +=
      fmt::format("encoder           {} layers, hidden {}, {} heads, intermediate {}, {}\n", config.layers,
                  config.hidden_size, config.heads, config.intermediate_size, name_of(config.activation));
  text +=
      fmt::format("positions         {}\ntoken types       {}\n", config.max_positions, config.token_types);
  text += fmt::format("vocabulary        {} pieces, {}\n", config.vocabulary_size,
                      checkpoint.tokenizer().options.lowercase ? "uncased" : "cased");
  text +=
      fmt::format("masked-LM head    {}\n", tensors.find(bert_names::prediction_bias) >= 0 ? "yes" : "no");
  return text;
}

std::string about_tensorflow(const std::filesystem::path& prefix, bool verify) {
  const TensorBundle bundle(prefix);
  const BundleInventory inventory = inventory_of(bundle);
  std::string text = fmt::format("TensorFlow        {} in {} data file{}\n", prefix.string(), bundle.shards(),
                                 bundle.shards() == 1 ? "" : "s");
  text += fmt::format("tensors           {}: {} of the model, {} of Adam{}\n", bundle.tensors().size(),
                      inventory.parameters.size(), inventory.moments.size(),
                      inventory.global_step ? ", global_step" : "");
  const size_t others = inventory.other_variables.size() + inventory.other_slots.size();
  if (others != 0) text += fmt::format("not BERT's        {}\n", others);
  if (!inventory.without_numbers.empty())
    text += fmt::format("without numbers   {}\n", inventory.without_numbers.size());
  for (size_t i = 0; i < bundle.tensors().size(); ++i) {
    const TensorInfo& tensor = bundle.tensors()[i];
    if (verify && bundle.holds_numbers(i)) bundle.values_of(tensor.name);
    text += fmt::format("  {:<14} {:<16} {}\n", tensor.type, describe_shape(tensor.shape), tensor.name);
  }
  return text;
}

std::string about_run(const std::filesystem::path& folder, bool verify) {
  const CheckpointStore store(folder);
  std::string steps;
  for (const int64_t step : store.steps()) steps += fmt::format("{}{}", steps.empty() ? "" : ", ", step);
  return fmt::format("run               {}\ncheckpoints       {}\n", folder.string(),
                     steps.empty() ? "none yet" : steps) +
         (steps.empty() ? "" : about_model(folder, verify));
}

std::string about(const std::filesystem::path& folder, bool verify) {
  if (std::filesystem::exists(folder / CorpusFiles::manifest)) return about_corpus(folder, verify);
  if (std::filesystem::exists(folder / "config.yaml")) return about_run(folder, verify);
  if (std::filesystem::exists(folder / "config.json")) return about_model(folder, verify);
  if (const auto prefix = find_tensorflow_prefix(folder)) {
    const bool whole = std::filesystem::exists(prefix->parent_path() / tensorflow_config_file);
    return (whole ? about_model(*prefix, false) : "") + about_tensorflow(*prefix, verify);
  }
  throw UsageError({.what = "this is no corpus, run or checkpoint",
                    .where = folder.string(),
                    .why = std::filesystem::exists(folder)
                               ? "it has no manifest.json, config.yaml, config.json or *.index"
                               : "it does not exist"});
}

}  // namespace

void add_info_command(CLI::App& program, ExitCode&) {
  auto folder = std::make_shared<std::filesystem::path>();
  auto verify = std::make_shared<bool>(false);
  CLI::App* command = program.add_subcommand("info", "Say what a run, checkpoint or corpus holds");
  command->add_option("folder", *folder, "The folder, or the prefix of a TensorFlow checkpoint")->required();
  command->add_flag("--verify", *verify, "Read everything and compare checksums");
  command->callback([folder, verify] { std::cout << about(*folder, *verify); });
}

}  // namespace cloze
