// What the guides say of keys and flags is so: every key they name is one of `cloze reference finetune`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "engine/base/file.h"
#include "tests/end_to_end/program.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

const fs::path source = CLOZE_SOURCE_DIR;

std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
    found.push_back((*at)[1]);
  return found;
}

// "section.key" of the reference's headings and rows.
std::set<std::string> keys_of(const std::string& page) {
  std::set<std::string> keys;
  std::string section;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## `")) section = line.substr(4, line.find('`', 4) - 4) + ".";
    if (line.starts_with("| `")) keys.insert(section + line.substr(3, line.find('`', 3) - 3));
  }
  return keys;
}

std::set<std::string> finetuning_keys() {
  const Outcome reference = run({"reference", "finetune"});
  EXPECT_THAT(reference, ExitsWith(0));
  return keys_of(reference.output);
}

// The part of a guide under a heading, up to the next.
std::string part_of(const std::string& guide, const std::string& heading) {
  const size_t begin = guide.find("## " + heading + "\n");
  if (begin == std::string::npos) throw std::runtime_error("no heading " + heading);
  return guide.substr(begin, guide.find("\n## ", begin + 1) - begin);
}

TEST(Guides, NameOnlyKeysThatThereAre) {
  const std::set<std::string> keys = finetuning_keys();
  ASSERT_TRUE(keys.contains("question_answering.doc_stride"));
  std::string unknown;
  for (const char* name : {"yelp.md", "finetuning.md"}) {
    const std::string guide = read_file(source / "docs" / name);
    // `optimizer.learning_rate`, also with ": VALUE" behind it; --set KEY=
    std::vector<std::string> named = matches(guide, R"(`([a-z_]+\.[a-z_]+(?:\.[a-z_]+)*)(?:: [^`]*)?`)");
    const std::vector<std::string> set = matches(guide, R"(--set '?([a-z_.]+)=)");
    named.insert(named.end(), set.begin(), set.end());
    EXPECT_GT(named.size(), 10u) << name;
    for (const std::string& key : named) {
      const bool file = std::regex_search(key, std::regex(R"(\.(tsv|csv|txt|json|jsonl|yaml|py|sh|md)$)"));
      if (!file && !keys.contains(key)) unknown += std::string(name) + ": " + key + "\n";
    }
  }
  EXPECT_THAT(unknown, IsEmpty());
}

// The flags of google-research/bert's programs, as their source lists them.
TEST(Guides, MapEveryFlagOfGooglesPrograms) {
  const std::string tpu = "use_tpu tpu_name tpu_zone gcp_project master num_tpu_cores iterations_per_loop ";
  const std::string both =
      "bert_config_file vocab_file init_checkpoint output_dir do_lower_case max_seq_length do_train "
      "do_predict "
      "train_batch_size predict_batch_size learning_rate num_train_epochs warmup_proportion "
      "save_checkpoints_steps ";
  const std::string guide = read_file(source / "docs/yelp.md");
  const auto expect_flags = [&](const std::string& program, const std::string& flags) {
    const std::vector<std::string> named =
        matches(part_of(guide, "Every flag of " + program), "`--([a-z0-9_]+)`(?=[^|\n]*\\|)");
    std::istringstream words(flags);
    for (std::string flag; words >> flag;)
      EXPECT_NE(std::find(named.begin(), named.end(), flag), named.end()) << program << " --" << flag;
  };
  expect_flags("run_classifier.py", tpu + both + "data_dir task_name do_eval eval_batch_size");
  expect_flags("run_squad.py", tpu + both +
                                   "train_file predict_file doc_stride max_query_length n_best_size "
                                   "max_answer_length verbose_logging version_2_with_negative "
                                   "null_score_diff_threshold");
}

}  // namespace
}  // namespace cloze::end_to_end
