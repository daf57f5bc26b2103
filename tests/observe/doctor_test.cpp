#include "engine/observe/doctor.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace cloze {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Diagnosis made_up(bool passed) {
  Diagnosis diagnosis;
  diagnosis.facts.system = "Some Linux";
  diagnosis.facts.cpu = {.model = "a \"processor\"", .processors = 2, .features = {"avx2"}};
  diagnosis.facts.processors = diagnosis.facts.threads = 2;
  diagnosis.facts.automatic_device = "cpu";
  diagnosis.facts.build.libraries = {{"oneDNN", "2.6.3"}};
  diagnosis.self_test.parts = {{"training", passed, "what was seen"}};
  return diagnosis;
}

TEST(DoctorText, SaysWhatWouldBeUsedAndWhetherItWorks) {
  const std::string good = diagnosis_text(made_up(true));
  EXPECT_THAT(good, HasSubstr("device: auto      cpu"));
  EXPECT_THAT(good, HasSubstr("threads: 0        2"));
  EXPECT_THAT(good, HasSubstr("oneDNN            2.6.3"));
  EXPECT_THAT(good, HasSubstr("Nothing is missing."));
  EXPECT_THAT(good, HasSubstr("Ready to train."));
  const std::string bad = diagnosis_text(made_up(false));
  EXPECT_THAT(bad, HasSubstr("FAILED  training"));
  EXPECT_THAT(bad, HasSubstr("NOT ready to train"));
  EXPECT_THAT(bad, Not(HasSubstr("Ready to train.")));
}

TEST(DoctorText, ShowsWhatToType) {
  Diagnosis diagnosis = made_up(true);
  diagnosis.findings = {{"something is slow", "mend --it"}};
  EXPECT_THAT(diagnosis_text(diagnosis), HasSubstr("  * something is slow\n      mend --it\n"));
}

TEST(DoctorJson, IsJsonWhateverTheMachineIsCalled) {
  Diagnosis diagnosis = made_up(false);
  diagnosis.facts.folder = "not \xff UTF-8";
  diagnosis.findings = {{"something is slow", "mend --it"}};
  const auto document = nlohmann::json::parse(diagnosis_json(diagnosis));
  EXPECT_EQ(document.at("cpu").at("model"), "a \"processor\"");
  EXPECT_EQ(document.at("used").at("threads"), 2);
  EXPECT_EQ(document.at("findings").at(0).at("remedy"), "mend --it");
  EXPECT_EQ(document.at("self_test").at("passed"), false);
  EXPECT_FALSE(document.at("self_test").contains("matmul_flops_per_second"));
}

}  // namespace
}  // namespace cloze
