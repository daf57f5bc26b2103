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
  EXPECT_EQ(digests,
            "corpus.txt 22009e9f59181e7810de6031f77d3402\n"
            "corpus-valid.txt 69fb8059d446079cdff80f9dec1abf88\n"
            "reviews/train.csv a308e2d1003ef8a08d1074e77cfe7db8\n"
            "reviews/test.csv aecac27131b9dfae12766cad45fda804\n"
            "questions/train.json 45de5acbe338777a7cf6f3c38f4ee04b\n"
            "questions/dev.json 646e176670c978255338d836b8213178\n"
            "statistics.json 6c224fe7317bf79636d471159c6deb00\n");

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
