#include "engine/data/prepare.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/file_lock.h"
#include "engine/base/format.h"
#include "engine/base/log.h"
#include "engine/data/chunk_encoder.h"
#include "engine/data/corpus.h"
#include "engine/data/corpus_builder.h"
#include "engine/data/corpus_writer.h"
#include "engine/data/document_reader.h"
#include "engine/data/ordered_pipeline.h"
#include "engine/data/prepare_progress.h"
#include "engine/data/text_source.h"
#include "engine/text/tokenizer.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr auto report_every = std::chrono::seconds(10);

fs::path beside(const fs::path& output, const char* suffix) {
  fs::path path = (output / "").parent_path();  // without a trailing slash
  path += suffix;
  return path;
}

// What was asked for, before anything is counted.
CorpusManifest plan_of(const PrepareOptions& options, const Vocabulary& vocabulary) {
  CorpusManifest plan;
  plan.token_bytes = token_bytes_for(vocabulary);
  plan.tokenizer = options.tokenizer;
  plan.unicode_version = unicode_version();
  plan.vocabulary_digest = vocabulary.digest();
  plan.vocabulary_size = vocabulary.size();
  plan.text_kind = name_of(options.kind);
  plan.text_field = options.text_field;
  plan.inputs = list_inputs(options.inputs);
  return plan;
}

void refuse_other(const CorpusManifest& there, const CorpusManifest& plan, const fs::path& path,
                  const char* what) {
  const auto found = differences(there, plan);
  if (found.empty()) return;
  throw UsageError({.what = what,
                    .where = path.string(),
                    .why = fmt::format("of what it is made from, this differs: {}", fmt::join(found, ", ")),
                    .remedy = "choose another folder, or replace it with --overwrite"});
}

// The corpus that is there already, if it is the one asked for.
std::optional<CorpusManifest> finished(const PrepareOptions& options, const CorpusManifest& plan) {
  const fs::path& output = options.output;
  if (!fs::exists(output) || (fs::is_directory(output) && fs::is_empty(output))) return std::nullopt;
  if (!fs::exists(output / CorpusFiles::manifest)) {
    throw UsageError({.what = "will not write a corpus here",
                      .where = output.string(),
                      .why = "something that is no corpus is there",
                      .remedy = "choose another folder"});
  }
  if (options.overwrite) return std::nullopt;
  refuse_other(read_corpus_manifest(output / CorpusFiles::manifest), plan, output,
               "there is a corpus already");
  const auto manifest = Corpus::open(output)->manifest();
  log::info("{} is up to date", output.string());
  return manifest;
}

// Moves the sealed work into place. Each step can be repeated after an interruption.
void publish(const fs::path& work, const fs::path& output) {
  const fs::path old = beside(output, ".old");
  // Whatever is no part of the corpus: progress, lock, what a killed process had begun to write.
  const std::vector<fs::path> found{fs::directory_iterator(work), fs::directory_iterator()};
  for (const fs::path& file : found) {
    const auto& parts = CorpusFiles::all;
    if (std::find(parts.begin(), parts.end(), file.filename()) == parts.end()) fs::remove_all(file);
  }
  if (fs::exists(output)) {
    fs::remove_all(old);
    fs::rename(output, old);
  }
  fs::rename(work, output);
  sync_folder(fs::absolute(beside(output, "")).parent_path());
  fs::remove_all(old);
}

// A corpus that was complete when its process was killed, before it could be moved; of another corpus it is
// refused, or taken away.
bool is_sealed(const PrepareOptions& options, const CorpusManifest& plan, const fs::path& work) {
  if (!fs::exists(work / CorpusFiles::manifest)) return false;
  const CorpusManifest sealed = read_corpus_manifest(work / CorpusFiles::manifest);
  if (differences(sealed, plan).empty()) return true;
  if (!options.overwrite) refuse_other(sealed, plan, work, "there is an unfinished corpus");
  fs::remove(work / CorpusFiles::manifest);
  return false;
}

// Where to begin: at the last checkpoint of unfinished work on the same corpus, else at the beginning.
PrepareProgress starting_point(const PrepareOptions& options, const CorpusManifest& plan,
                               const fs::path& work) {
  std::optional<PrepareProgress> saved = load_progress(progress_path(work));
  if (saved && !differences(saved->manifest, plan).empty()) {
    if (!options.overwrite) refuse_other(saved->manifest, plan, work, "there is an unfinished corpus");
    saved.reset();
  }
  if (saved) {
    log::info("going on with {}: {} tokens are there", work.string(), saved->manifest.counts.tokens);
    return std::move(*saved);
  }
  fs::remove(progress_path(work));
  PrepareProgress fresh;
  fresh.manifest = plan;
  fresh.unigrams.resize(static_cast<size_t>(plan.vocabulary_size));
  return fresh;
}

void log_progress(const CorpusCounts& counts, uint64_t bytes_before, double seconds) {
  const double rate = static_cast<double>(counts.text_bytes - bytes_before) / seconds;
  log::info("{} of text, {} tokens, {} documents, {}/s", human_bytes(counts.text_bytes),
            human_count(static_cast<double>(counts.tokens)), counts.documents,
            human_bytes(static_cast<uint64_t>(rate)));
}

void build(const PrepareOptions& options, const std::shared_ptr<const Vocabulary>& vocabulary,
           SourcePosition from, const std::vector<CorpusInput>& inputs, CorpusBuilder& builder) {
  DocumentReader reader(inputs, options.kind, from);
  const ChunkEncoder encoder(std::make_shared<const Tokenizer>(vocabulary, options.tokenizer),
                             options.text_field);
  const int threads = std::max(1, options.threads);
  OrderedPipeline<EncodedChunk> chunks(
      threads, 2 * static_cast<size_t>(threads),
      [&](EncodedChunk& chunk) { return reader.next(chunk.chunk); },
      [&](EncodedChunk& chunk) { encoder.encode(chunk); });

  const auto begun = std::chrono::steady_clock::now();
  const uint64_t bytes_before = builder.counts().text_bytes;
  auto reported = begun;
  uint64_t saved_at = bytes_before;
  for (EncodedChunk chunk; chunks.next(chunk);) {
    builder.add(chunk, vocabulary->unknown_id());
    if (builder.counts().text_bytes - saved_at >= options.checkpoint_bytes) {
      builder.save();
      saved_at = builder.counts().text_bytes;
    }
    if (const auto now = std::chrono::steady_clock::now(); now - reported >= report_every) {
      log_progress(builder.counts(), bytes_before, std::chrono::duration<double>(now - begun).count());
      reported = now;
    }
  }
}

void log_summary(const CorpusManifest& manifest, const fs::path& output) {
  const CorpusCounts& counts = manifest.counts;
  log::info("{}: {} documents, {} sentences, {} tokens from {} of text", output.string(), counts.documents,
            counts.sentences, counts.tokens, human_bytes(counts.text_bytes));
  log::info("duplicate lines {}, unknown tokens {}, longest sentence {} tokens",
            human_percent(manifest.duplicates.rate()), human_percent(manifest.unknown_rate()),
            counts.longest_sentence);
  if (counts.invalid_bytes > 0)
    log::warning("{} bytes that are not UTF-8 were dropped", counts.invalid_bytes);
  if (counts.split_lines > 0) log::warning("lines longer than 1 MiB were cut, {} times", counts.split_lines);
  if (counts.split_documents > 0)
    log::warning("documents of over 2^31 tokens were cut, {} times", counts.split_documents);
  if (counts.documents == 1) {
    log::warning(
        "all of it is one document: next-sentence pairs will come from it alone (documents are separated by "
        "blank lines)");
  }
  if (manifest.unknown_rate() > 0.01)
    log::warning("many unknown tokens: does the vocabulary suit this text?");
  if (manifest.duplicates.rate() > 0.3)
    log::warning("many duplicate lines: is something in the inputs twice?");
}

}  // namespace

CorpusManifest prepare_corpus(const PrepareOptions& options) {
  const auto vocabulary = std::make_shared<const Vocabulary>(Vocabulary::load(options.vocabulary));
  vocabulary->require_mask();  // now rather than when training begins
  if (options.tokenizer.keep_special_tokens) {
    throw UsageError({.what = "a corpus is not prepared with special tokens kept",
                      .why = "text would then hold [SEP] and [MASK] that no sequence put there"});
  }
  const CorpusManifest plan = plan_of(options, *vocabulary);
  if (const auto there = finished(options, plan)) return *there;

  const fs::path work = beside(options.output, ".partial");
  fs::create_directories(work);
  const FileLock lock(work / "lock");
  if (is_sealed(options, plan, work)) {
    publish(work, options.output);
    return Corpus::open(options.output)->manifest();
  }
  PrepareProgress from = starting_point(options, plan, work);
  const SourcePosition read = from.read;
  CorpusBuilder builder(work, std::move(from));
  build(options, vocabulary, read, plan.inputs, builder);
  if (builder.counts().tokens == 0) {
    fs::remove_all(work);
    throw Error({.what = "the inputs hold no text",
                 .where = plan.inputs.front().path,
                 .why = fmt::format("no tokens came of {} file(s)", plan.inputs.size())});
  }
  const CorpusManifest manifest = builder.seal(*vocabulary);
  publish(work, options.output);
  log_summary(manifest, options.output);
  return manifest;
}

}  // namespace cloze
