#include "engine/train/resume_check.h"

#include <fmt/core.h>

#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/config/config.h"

namespace cloze {

namespace {

template <typename Options>
void check(const Options& options) {
  const std::filesystem::path file = options.output / "config.yaml";
  if (!std::filesystem::exists(file)) return;
  const auto before = config::read_text<Options>(read_file(file), file.string(), {}, options.output);
  std::string forbidden;
  for (const Difference& difference : config::differences(before, options)) {
    const std::string change =
        fmt::format("{}: {} -> {}", difference.key, difference.before, difference.after);
    if (difference.fixed_on_resume) {
      forbidden += (forbidden.empty() ? "" : "; ") + change;
    } else {
      log::info("changed since the run began: {}", change);
    }
  }
  if (forbidden.empty()) return;
  throw UsageError({.what = "this run cannot be resumed with these changes",
                    .where = file.string(),
                    .why = forbidden,
                    .remedy = "undo them, or start a run of its own with another `output`"});
}

}  // namespace

void check_resume(const PretrainOptions& options) {
  check(options);
}
void check_resume(const FinetuneOptions& options) {
  check(options);
}

}  // namespace cloze
