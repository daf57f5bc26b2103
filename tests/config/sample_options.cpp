#include "tests/config/sample_options.h"

#include <gtest/gtest.h>

namespace cloze::sample {
namespace {

const Choices<Decay> decays = choices<Decay>({{"linear", Decay::linear, "Down to zero in a straight line"},
                                              {"none", Decay::none, "Stays"},
                                              {"square_root", Decay::square_root}});

// Every sample needs this one key.
std::string with_vocabulary(std::string_view yaml) {
  return std::string(yaml) + "\nvocabulary: vocab.txt\n";
}

}  // namespace

void describe(Fields& fields, Schedule& options) {
  fields.option("kind", options.kind, decays, "How the learning rate falls");
  fields.option("warmup_steps", options.warmup_steps, at_least(0), "Steps of warm-up");
  fields.option("peak", options.peak, above(0), "The highest learning rate");
}

void describe(Fields& fields, Phase& options) {
  fields.option("name", options.name, required() & non_empty(), "What the phase is called");
  fields.option("steps", options.steps, at_least(1), "How long it lasts");
  fields.section("schedule", options.schedule, "Its learning rate");
}

void describe(Fields& fields, Evaluation& options) {
  fields.option("every", options.every, at_least(1), "Steps between evaluations");
  fields.option("metrics", options.metrics, non_empty(), "What is measured");
}

void describe(Fields& fields, Training& options) {
  fields.option("steps", options.steps, at_least(1), "Updates in all");
  fields.option("seed", options.seed, fixed_on_resume(), "The seed of everything random");
  fields.option("dropout", options.dropout, fraction(), "Probability of a zero");
  fields.option("epsilon", options.epsilon, above(0) & at_most(1), "Keeps divisions finite");
  fields.option("shuffle", options.shuffle, "Whether documents are shuffled");
  fields.option("name", options.name, "The run's name");
  fields.option("vocabulary", options.vocabulary, required() & non_empty(), "The vocabulary file");
  fields.option("clip", options.clip, above(0), "The largest gradient norm");
  fields.option("decay", options.decay, decays & fixed_on_resume(), "Overrides the schedule");
  fields.option("layers", options.layers, between(0, 100), "Layers to keep");
  fields.option("files", options.files, "Corpora");
  fields.option("weights", options.weights, at_least(0), "Weight of each corpus");
  fields.option("hidden_size", options.hidden_size, at_least(1), "Width of the encoder");
  fields.option("heads", options.heads, at_least(1), "Attention heads");
  fields.check(
      "hidden_size", [&] { return options.hidden_size % options.heads == 0; },
      "must be a multiple of `heads`");
  fields.section("schedule", options.schedule, fixed_on_resume(), "The learning rate");
  fields.section("evaluation", options.evaluation, "Evaluation while training");
  fields.list("phases", options.phases, "The parts of the run");
}

Training read_sample(std::string_view yaml, const config::Overrides& overrides) {
  return config::read_text<Training>(with_vocabulary(yaml), "run.yaml", overrides, "/data/runs");
}

std::string message_of(std::string_view yaml, const config::Overrides& overrides) {
  try {
    read_sample(yaml, overrides);
  } catch (const UsageError& error) {
    return error.what();
  }
  ADD_FAILURE() << "this should not read:\n" << yaml;
  return {};
}

}  // namespace cloze::sample
