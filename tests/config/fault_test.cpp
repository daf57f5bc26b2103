#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "tests/config/sample_options.h"

namespace cloze::sample {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Faulty {
  int twice = 0, low = 0, camel = 1, helpless = 1, base = 1;
  double infinite = std::numeric_limits<double>::infinity();
  std::string empty;
  Decay decay = Decay::none;
  struct Inner {
    int steps = -1;
  } inner;
};
void describe(Fields& fields, Faulty::Inner& options) {
  fields.option("steps", options.steps, at_least(0), "Steps");
}
void describe(Fields& fields, Faulty& options) {
  fields.option("twice", options.twice, "Once");
  fields.option("twice", options.twice, "Again");
  fields.option("low", options.low, at_least(1), "Too low");
  fields.option("camelCase", options.camel, "Not snake case");
  fields.option("helpless", options.helpless, "");
  fields.option("base", options.base, "Reserved");
  fields.option("infinite", options.infinite, "Cannot be dumped");
  fields.option("empty", options.empty, non_empty(), "Empty");
  fields.option("decay", options.decay, choices<Decay>({{"none", Decay::none}, {"none", Decay::linear}}),
                "Ambiguous");
  fields.section("inner", options.inner, "Inside");
}

TEST(Fault, TheSampleHasNone) {
  EXPECT_THAT(config::faults<Training>(), IsEmpty());
}

TEST(Fault, EachIsFound) {
  EXPECT_THAT(
      config::faults<Faulty>(),
      ElementsAre("`twice` is described twice", "`low` has the default 0, not at least 1",
                  "`camelCase` is not in lower_snake_case", "`helpless` has no help",
                  "`base` is the name of the reserved key `base`",
                  "`infinite` has the default inf, which is not finite",
                  "`empty` has an empty default but must not be empty: mark it required()",
                  "`decay` has the choice `none` twice", "`inner.steps` has the default -1, not at least 0"));
}

struct Unnamed {
  Decay decay = Decay::linear;
};
void describe(Fields& fields, Unnamed& options) {
  fields.option("decay", options.decay, choices<Decay>({{"none", Decay::none}}), "The default has no name");
}

TEST(Fault, AnEnumeratorWithoutANameIsAProgrammingError) {
  EXPECT_THROW(config::dump(Unnamed()), std::logic_error);
}

}  // namespace
}  // namespace cloze::sample
