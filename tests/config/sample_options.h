#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/config.h"

// An options struct with a field of every kind, shared by the tests of this folder.
namespace cloze::sample {

enum class Decay { linear, none, square_root };

struct Schedule {
  Decay kind = Decay::linear;
  int64_t warmup_steps = 0;
  double peak = 1e-4;
  bool operator==(const Schedule&) const = default;
};

struct Phase {
  std::string name;
  int64_t steps = 100;
  Schedule schedule;
  bool operator==(const Phase&) const = default;
};

struct Evaluation {
  int every = 1000;
  std::vector<std::string> metrics = {"accuracy"};
  bool operator==(const Evaluation&) const = default;
};

struct Training {
  int64_t steps = 1000;
  uint64_t seed = 1;
  double dropout = 0.1;
  float epsilon = 1e-6f;
  bool shuffle = true;
  std::string name = "run";
  std::filesystem::path vocabulary;
  std::optional<double> clip;
  std::optional<Decay> decay;
  std::vector<int> layers = {1, 2};
  std::vector<std::filesystem::path> files;
  std::map<std::string, double> weights;
  int hidden_size = 64;
  int heads = 4;
  Schedule schedule;
  std::optional<Evaluation> evaluation;
  std::vector<Phase> phases = {{"first", 10, {}}, {"second", 20, {}}};
  bool operator==(const Training&) const = default;
};

void describe(Fields& fields, Schedule& options);
void describe(Fields& fields, Phase& options);
void describe(Fields& fields, Evaluation& options);
void describe(Fields& fields, Training& options);

// Reads `yaml` (with `vocabulary` given) as run.yaml.
Training read_sample(std::string_view yaml, const config::Overrides& overrides = {});

// The message that reading `yaml` fails with; fails the test where it reads well.
std::string message_of(std::string_view yaml, const config::Overrides& overrides = {});

}  // namespace cloze::sample
