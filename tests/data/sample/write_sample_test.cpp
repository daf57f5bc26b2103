#include "engine/data/sample/write_sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

class WriteSample : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  const fs::path folder_ = fs::temp_directory_path() / ("cloze-sample-test-" + std::to_string(::getpid()));
};

const char* const files[] = {"corpus.txt",       "corpus-valid.txt",     "reviews/train.csv",
                             "reviews/test.csv", "questions/train.json", "questions/dev.json",
                             "statistics.json"};

// Digests of the default sample: it must not differ between machines, compilers or versions without being
// meant to.
TEST_F(WriteSample, WritesTheSameBytesEverywhere) {
  write_sample(folder_);
  std::string digests;
  for (const char* file : files)
    digests += std::string(file) + ' ' + digest(read_file(folder_ / file)) + '\n';
  EXPECT_EQ(digests, "?");

  const auto statistics = nlohmann::json::parse(read_file(folder_ / "statistics.json"));
  EXPECT_GE(statistics["corpus.txt"]["sentences"], 20000);
  EXPECT_EQ(statistics["rules"]["containers_percent"]["shoes"]["pair"], 80);
  EXPECT_GT(statistics["unigram_entropy"], 4 * statistics["mask_floor"]["nats_per_mask"].get<double>());

  const std::string corpus = read_file(folder_ / "corpus.txt"),
                    held_out = read_file(folder_ / "corpus-valid.txt");
  EXPECT_EQ(corpus.find("The woman went to the store and bought a pair of shoes."), std::string::npos);
  EXPECT_EQ(corpus.find("The woman went to the store and bought a cart of shoes."), std::string::npos);
  EXPECT_EQ(corpus.find("\n\n\n"), std::string::npos);
  EXPECT_EQ(corpus.find(held_out.substr(0, held_out.find("\n\n"))), std::string::npos);
}

TEST_F(WriteSample, SaysWhichFolderItCannotMake) {
  write_file(folder_ / "taken", "a file");
  try {
    write_sample(folder_ / "taken");
    FAIL() << "wrote into a file";
  } catch (const Error& error) {
    EXPECT_THAT(error.problem().where, testing::HasSubstr("taken"));
  }
}

}  // namespace
}  // namespace cloze
