#include "engine/observe/self_test.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/format.h"
#include "engine/observe/tiny_training.h"
#include "engine/train/model_state.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

// A folder that is removed again, whatever happens.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const fs::path& parent) {
    std::string pattern = (parent / "cloze-doctor-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw Error({.what = "cannot make a folder",
                   .where = parent.string(),
                   .why = system_message(errno),
                   .remedy = "TMPDIR=ANOTHER_FOLDER cloze doctor"});
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// A relative difference; infinite where either is not finite.
double difference(double a, double b) {
  if (!std::isfinite(a) || !std::isfinite(b)) return std::numeric_limits<double>::infinity();
  return std::abs(a - b) / std::max(std::abs(b), 1e-12);
}

// Float32 beside float64 over ten updates; a wrong kernel is off by far more.
std::string compare_training(TinyTraining& trained) {
  constexpr int steps = 10;
  constexpr double most = 1e-4;
  TinyTraining reference(DeviceKind::reference);
  double first = 0, last = 0, largest = 0;
  for (int i = 0; i < steps; ++i) {
    const TinyTraining::Step ours = trained.step(), theirs = reference.step();
    if (i == 0) first = ours.loss;
    last = ours.loss;
    largest = std::max(
        {largest, difference(ours.loss, theirs.loss), difference(ours.gradient_norm, theirs.gradient_norm)});
  }
  const std::string seen =
      fmt::format("{} steps of a tiny BERT: loss {:.4f} to {:.4f}, largest difference from float64 {:.1e}",
                  steps, first, last, largest);
  if (largest > most)
    throw Error({.what = seen, .why = fmt::format("{:.0e} is the most that rounding explains", most)});
  if (!(last < first)) throw Error({.what = seen, .why = "the loss does not fall"});
  return seen;
}

std::vector<float> flat(const Engine& engine, Memory memory, int64_t elements) {
  std::vector<float> values(static_cast<size_t>(elements));
  engine.read(memory, 0, std::span<float>(values));
  return values;
}

// Moments too; from the file into another engine, bit for bit.
std::string write_and_read(const TinyTraining& trained, Engine& engine, const fs::path& temporary) {
  const TemporaryFolder folder(temporary);
  const double began = seconds_now();
  const fs::path path = folder.path() / "checkpoint";
  write_checkpoint(path, trained.checkpoint(), {{"step", 0}});
  const double written = seconds_now();
  const Checkpoint checkpoint(path);
  checkpoint.verify(CheckpointFiles::all);
  const ParameterLayout& layout = trained.layout();
  const std::unique_ptr<Engine> other = make_engine(DeviceKind::cpu, layout.elements(), {.training = true});
  require_complete(load_parameters(*other, layout, checkpoint.parameters()));
  load_moments(*other, layout, *checkpoint.optimizer());
  for (const Memory memory : {Memory::parameters, Memory::first_moment, Memory::second_moment}) {
    if (flat(engine, memory, layout.elements()) != flat(*other, memory, layout.elements()))
      throw Error({.what = fmt::format("{} were read otherwise than written", name_of(memory)),
                   .where = temporary.string()});
  }
  return fmt::format("written to {} in {}, read back the same in {}", temporary.string(),
                     human_duration(written - began), human_duration(seconds_now() - written));
}

std::string one_line(std::string text) {
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) {
    const size_t end = std::min(text.find_first_not_of(" \n", at), text.size());
    text.replace(at, end - at, "; ");
  }
  return text;
}

SelfTestPart try_part(const char* name, const std::function<std::string()>& part) {
  try {
    return {name, true, part()};
  } catch (const std::exception& error) {
    return {name, false, one_line(error.what())};
  }
}

}  // namespace

bool SelfTest::passed() const {
  return std::all_of(parts.begin(), parts.end(), [](const SelfTestPart& part) { return part.passed; });
}

SelfTest run_self_test(const fs::path& temporary) {
  SelfTest test;
  const double began = seconds_now();
  std::unique_ptr<TinyTraining> trained;
  test.parts.push_back(try_part("training", [&] {
    trained = std::make_unique<TinyTraining>(DeviceKind::cpu);
    return compare_training(*trained);
  }));
  test.parts.push_back(try_part("checkpoint", [&] {
    if (!trained) throw Error({.what = "there is no model to save"});
    return write_and_read(*trained, trained->engine(), temporary);
  }));
  test.parts.push_back(try_part("speed", [&] {
    test.ceilings = measured_ceilings();
    return fmt::format("matrix products {}FLOP/s, copying memory {}B/s (read and written)",
                       human_count(test.ceilings->matmul_flops), human_count(test.ceilings->copy_bytes));
  }));
  test.seconds = seconds_now() - began;
  return test;
}

}  // namespace cloze
