#include "engine/data/prepare.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <map>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/data/corpus.h"
#include "engine/data/draw_sequence.h"
#include "tests/data/input_files.h"
#include "tests/data/test_corpus.h"

namespace cloze {
namespace {

using ::testing::HasSubstr;
using testing::write_text;

const std::vector<std::string> words = {"the", "cat",  "sat", "on",  "a", "mat", "##s", "dog",
                                        "ran", "over", "it",  "and", ".", ",",   "he",  "she"};

// Text of these words, a sentence a line, documents of ten sentences.
std::string some_text(size_t lines, uint32_t number) {
  DrawSequence draws(derive_key(5, 1, 0), number, 0);
  std::string text;
  for (size_t line = 0; line < lines; ++line) {
    const uint32_t length = 3 + draws.below(12);
    for (uint32_t i = 0; i < length; ++i) {
      const std::string& word = words[draws.below(static_cast<uint32_t>(words.size()))];
      text += word.starts_with("##") ? "mats " : word + " ";
    }
    text += line % 10 == 9 ? ".\n\n" : ".\n";
  }
  return text;
}

class Prepare : public ::testing::Test {
 protected:
  Prepare() {
    std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    for (const auto& word : words) vocabulary += word + "\n";
    write_text(folder_ / "vocab.txt", vocabulary);
  }
  PrepareOptions options(const std::string& output = "corpus") const {
    PrepareOptions options;
    options.inputs = {folder_ / "in"};
    options.vocabulary = folder_ / "vocab.txt";
    options.output = folder_ / output;
    return options;
  }
  std::string ids_of(const Corpus& corpus) const {
    std::string text;
    for (uint32_t d = 0; d < corpus.documents(); ++d) {
      const DocumentView view = corpus.document(d);
      for (size_t s = 0; s < view.sentences(); ++s) {
        std::vector<int32_t> ids(view.length(s));
        corpus.copy_tokens(view.first_token + view.begin(s), ids.size(), ids.data());
        for (const int32_t id : ids) text += std::string(corpus.vocabulary().piece(id)) + " ";
        text += "/ ";
      }
      text += "| ";
    }
    return text;
  }
  static std::map<std::string, std::string> contents(const std::filesystem::path& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      files[entry.path().filename()] = read_file(entry.path());
    }
    return files;
  }
  // Not EXPECT_EQ of the contents: for a difference GoogleTest would print megabytes.
  static void expect_same_files(const std::filesystem::path& a, const std::filesystem::path& b) {
    const auto left = contents(a), right = contents(b);
    ASSERT_EQ(left.size(), right.size());
    for (const auto& [name, bytes] : left) {
      ASSERT_TRUE(right.contains(name)) << name;
      EXPECT_TRUE(bytes == right.at(name))
          << name << ": " << bytes.size() << " and " << right.at(name).size() << " bytes";
    }
  }
  static std::string message_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  // Runs prepare_corpus() in a process of its own, killed after `kill_after`; true if it finished, with its
  // peak memory.
  struct Outcome {
    bool finished = false;
    int64_t peak_kib = 0;
  };
  static Outcome run_apart(const PrepareOptions& options, std::chrono::microseconds kill_after = {}) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
      log::set_level(log::Level::error);
      int status = 1;
      try {
        prepare_corpus(options);
        status = 0;
      } catch (const std::exception& problem) {
        log::error("{}", problem.what());
      }
      ::_exit(status);
    }
    if (kill_after.count() > 0) {
      std::this_thread::sleep_for(kill_after);
      ::kill(child, SIGKILL);
    }
    int status = 0;
    rusage usage = {};
    ::wait4(child, &status, 0, &usage);
    if (!WIFSIGNALED(status)) {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    return {WIFEXITED(status) && WEXITSTATUS(status) == 0, usage.ru_maxrss};
  }

  const testing::TemporaryFolder folder_;
};

TEST_F(Prepare, TokensSentencesDocuments) {
  write_text(folder_ / "in/1.txt",
             "\xEF\xBB\xBFThe cat sat.\r\n\u200b\r\nIt ran, Ünknown!\r\n\r\n\r\nA dog.\n");
  write_text(folder_ / "in/2.txt", "She sat.\n\nThe cat sat.\xff\n");
  write_text(folder_ / "in/3.md", "# No\n\nHe *ran* over. It sat on mats.\n");
  write_text(folder_ / "in/4.jsonl", "{\"text\": \"A mat. A cat.\\nIt ran.\"}\n");
  const CorpusManifest manifest = prepare_corpus(options());
  const auto corpus = Corpus::open(folder_ / "corpus");
  corpus->verify();
  EXPECT_EQ(ids_of(*corpus),
            "the cat sat . / it ran , [UNK] [UNK] / | a dog . / she sat . / | the cat sat . / | "
            "he ran over . / it sat on mat ##s . / | a mat . / a cat . / it ran . / | ");
  EXPECT_EQ(manifest.counts.documents, 5u);
  EXPECT_EQ(manifest.counts.sentences, 10u);
  EXPECT_EQ(manifest.counts.tokens, corpus->tokens());
  EXPECT_EQ(manifest.counts.unknown_tokens, 2u);
  EXPECT_EQ(corpus->unigrams()[1], 2u);
  EXPECT_EQ(manifest.counts.invalid_bytes, 1u);
  EXPECT_EQ(manifest.counts.lines, 9u);  // the zero-width space is one
  EXPECT_EQ(manifest.duplicates.lines - manifest.duplicates.distinct, 1u);
  EXPECT_EQ(manifest.counts.longest_sentence, 6u);
  EXPECT_EQ(manifest.inputs.size(), 4u);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "corpus.partial"));
}

TEST_F(Prepare, ThreadsDoNotShow) {
  write_text(folder_ / "in/1.txt", some_text(60000, 1));
  testing::write_packed(folder_ / "in/2.gz", some_text(30000, 2), testing::Packing::gzip);
  prepare_corpus(options("one"));
  PrepareOptions several = options("several");
  several.threads = 5;
  several.checkpoint_bytes = 300000;
  prepare_corpus(several);
  expect_same_files(folder_ / "one", folder_ / "several");
}

TEST_F(Prepare, GoesOnAfterBeingKilled) {
  for (uint32_t i = 0; i < 6; ++i) write_text(folder_ / fmt::format("in/{}.txt", i), some_text(25000, i));
  testing::write_tar(folder_ / "in/z.tar.xz",
                     {{"a.md", some_text(20000, 9)}, {"b.txt", some_text(20000, 10)}}, testing::Packing::xz);
  PrepareOptions killed = options("killed"), whole = options("whole");
  killed.checkpoint_bytes = 700000;
  killed.threads = 2;
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(run_apart(whole).finished);
  const auto all =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);

  DrawSequence draws(derive_key(6, 1, static_cast<uint64_t>(::getpid())), 0, 0);  // other moments every time
  constexpr int most_kills = 12;
  int kills = 0, checkpoints = 0;
  while (kills < most_kills) {
    // Never longer than half of it all.
    const auto limit = static_cast<uint32_t>(all.count() / 2 + 20000);
    if (run_apart(killed, std::chrono::microseconds(1000 + draws.below(limit))).finished) break;
    ++kills;
    checkpoints += std::filesystem::exists(folder_ / "killed.partial/progress");
  }
  if (kills == most_kills) {
    ASSERT_TRUE(run_apart(killed).finished);
  }
  RecordProperty("kills", kills);
  EXPECT_GT(checkpoints, 0) << "of " << kills;
  expect_same_files(folder_ / "killed", folder_ / "whole");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "killed.partial"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "killed.old"));
}

TEST_F(Prepare, AFinishedCorpusIsLeftAsItIs) {
  write_text(folder_ / "in/1.txt", some_text(100, 1));
  prepare_corpus(options());
  const auto written = std::filesystem::last_write_time(folder_ / "corpus/tokens.bin");
  const CorpusManifest again = prepare_corpus(options());
  EXPECT_EQ(std::filesystem::last_write_time(folder_ / "corpus/tokens.bin"), written);
  EXPECT_EQ(to_json(again), read_file(folder_ / "corpus/manifest.json"));
}

TEST_F(Prepare, AnotherCorpusIsRefusedUnlessOverwritten) {
  write_text(folder_ / "in/1.txt", some_text(100, 1));
  prepare_corpus(options());
  const auto before = contents(folder_ / "corpus");

  PrepareOptions cased = options();
  cased.tokenizer.lowercase = false;
  EXPECT_THAT(message_of([&] { prepare_corpus(cased); }), HasSubstr("casing"));
  write_text(folder_ / "in/2.txt", some_text(50, 2));
  EXPECT_THAT(message_of([&] { prepare_corpus(options()); }), HasSubstr("input files"));
  write_text(folder_ / "vocab.txt", read_file(folder_ / "vocab.txt") + "new\n");
  EXPECT_THAT(message_of([&] { prepare_corpus(options()); }), HasSubstr("vocabulary"));
  EXPECT_TRUE(contents(folder_ / "corpus") == before);

  cased.overwrite = true;
  EXPECT_EQ(prepare_corpus(cased).inputs.size(), 2u);
  EXPECT_FALSE(Corpus::open(folder_ / "corpus")->manifest().tokenizer.lowercase);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "corpus.old"));
}

TEST_F(Prepare, UnfinishedWorkOfAnotherCorpusIsRefused) {
  write_text(folder_ / "in/1.txt", some_text(100000, 1));
  write_text(folder_ / "in/2.jsonl", "{\"text\": 1}\n");
  PrepareOptions first = options();
  first.checkpoint_bytes = 100000;
  EXPECT_THAT(message_of([&] { prepare_corpus(first); }), HasSubstr("2.jsonl:1"));
  ASSERT_TRUE(std::filesystem::exists(folder_ / "corpus.partial/progress"));
  write_text(folder_ / "in/2.jsonl", "{\"text\": \"It sat.\"}\n");
  EXPECT_THAT(message_of([&] { prepare_corpus(first); }), HasSubstr("input files"));
  PrepareOptions other = options();
  other.tokenizer.lowercase = false;
  EXPECT_THAT(message_of([&] { prepare_corpus(other); }), HasSubstr("unfinished"));
  other.overwrite = true;
  EXPECT_EQ(prepare_corpus(other).tokenizer.lowercase, false);
}

TEST_F(Prepare, DamagedProgressIsNamed) {
  write_text(folder_ / "in/1.txt", some_text(10, 1));
  write_text(folder_ / "corpus.partial/progress", "rubbish, longer than a checksum of thirty-two characters");
  EXPECT_THAT(message_of([&] { prepare_corpus(options()); }), HasSubstr("corpus.partial/progress"));
}

TEST_F(Prepare, NoTextIsAnError) {
  write_text(folder_ / "in/1.txt", "\n \n\u200b\n");
  EXPECT_THAT(message_of([&] { prepare_corpus(options()); }), HasSubstr("no text"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "corpus"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "corpus.partial"));
}

TEST_F(Prepare, WillNotReplaceWhatIsNoCorpus) {
  write_text(folder_ / "in/1.txt", "The cat.\n");
  write_text(folder_ / "corpus/precious.txt", "x");
  PrepareOptions overwriting = options();
  overwriting.overwrite = true;
  EXPECT_THAT(message_of([&] { prepare_corpus(overwriting); }), HasSubstr("no corpus"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "corpus/precious.txt"));
}

TEST_F(Prepare, ErrorsOfTheThreadsComeOut) {
  std::string records;
  for (int i = 0; i < 20000; ++i)
    records += "{\"text\": \"The cat sat on a mat, and the dog ran over it.\"}\n";
  write_text(folder_ / "in/1.jsonl", records + "{\"txt\": 1}\n" + records);
  PrepareOptions threaded = options();
  threaded.threads = 3;
  EXPECT_THAT(message_of([&] { prepare_corpus(threaded); }), HasSubstr("1.jsonl:20001"));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// 160 MB, among it a line of 100 MB.
TEST_F(Prepare, MemoryIsBounded) {
  const std::string block = some_text(20000, 1);
  std::filesystem::create_directory(folder_ / "in");
  {
    std::ofstream file(folder_ / "in/large.txt", std::ios::binary);
    for (size_t bytes = 0; bytes < 60'000'000; bytes += block.size()) file << block;
    for (size_t bytes = 0; bytes < 100'000'000; bytes += 8) file << "the cat ";
    file << "\nthe end .\n";
  }
  PrepareOptions threaded = options();
  threaded.threads = 2;
  const Outcome outcome = run_apart(threaded);
  EXPECT_TRUE(outcome.finished);
  EXPECT_LT(outcome.peak_kib, 128 * 1024);
  const auto corpus = Corpus::open(folder_ / "corpus");
  EXPECT_GT(corpus->tokens(), 40'000'000u);
  EXPECT_GE(corpus->manifest().counts.split_lines, 95u);
  EXPECT_GT(corpus->manifest().duplicates.rate(), 0.9);
}
#endif

TEST_F(Prepare, RealText) {
  const std::filesystem::path data = CLOZE_SOURCE_DIR "/../shared/data";
  if (!std::filesystem::exists(data / "prose")) GTEST_SKIP() << "no shared data here";
  PrepareOptions real;
  real.inputs = {data / "prose/wikipedia-valid.txt", data / "prose/sample_text.txt"};
  real.vocabulary = data / "vocab/bert-base-uncased-vocab.txt";
  real.output = folder_ / "corpus";
  real.threads = 2;
  const CorpusManifest manifest = prepare_corpus(real);
  const auto corpus = Corpus::open(folder_ / "corpus");
  corpus->verify();
  EXPECT_EQ(manifest.counts.documents, 48u + 3u);  // the sample's first "document" is the note at its top
  EXPECT_EQ(manifest.counts.lines, 2067u + 31u);
  EXPECT_EQ(manifest.counts.invalid_bytes, 0u);
  EXPECT_LT(manifest.unknown_rate(), 0.001);
  EXPECT_GT(corpus->unigram_entropy(), 6.0);
  EXPECT_LT(corpus->unigram_entropy(), 8.0);
}

}  // namespace
}  // namespace cloze
