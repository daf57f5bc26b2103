#include "engine/data/sample/write_sample.h"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/data/sample/mask_floor.h"
#include "engine/data/sample/sample_documents.h"
#include "engine/data/sample/sample_questions.h"
#include "engine/data/sample/sample_reviews.h"

namespace cloze {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t training_sentences = 20000, validation_sentences = 2000;
constexpr uint64_t training_reviews = 2000, test_reviews = 500;
constexpr uint64_t training_passages = 500, dev_passages = 80;
// The smallest round size at which the trainer's vocabulary holds every word of the corpus in one piece.
constexpr int64_t suggested_vocabulary_size = 1000;

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error({.what = "cannot create folder", .where = folder.string(), .why = error.message()});
}

double three_decimals(double value) {
  return std::round(value * 1000) / 1000;
}

// -sum p log p over the words of the corpus: the loss of a model that knows frequencies only.
double unigram_entropy(const SampleWorld& world, const std::vector<SampleDocument>& documents) {
  std::vector<double> counts(world.words.size());
  double all = 0, sum = 0;
  for (const SampleDocument& document : documents) {
    for (const SampleSentence& sentence : document.sentences) {
      for (const WordId word : sentence) ++counts[static_cast<size_t>(word)], ++all;
    }
  }
  for (const double count : counts) sum -= count > 0 ? count * std::log(count / all) : 0;
  return sum / all;
}

Json write_corpus(const std::filesystem::path& path, const std::vector<SampleDocument>& documents) {
  std::string text;
  int64_t sentences = 0, words = 0;
  for (const SampleDocument& document : documents) {
    if (!text.empty()) text += '\n';
    for (const SampleSentence& sentence : document.sentences) {
      text += render(sample_world(), sentence) + '\n';
      words += static_cast<int64_t>(sentence.size());
      ++sentences;
    }
  }
  write_file(path, text);
  return {{"documents", documents.size()}, {"sentences", sentences}, {"words", words}};
}

Json write_reviews(const std::filesystem::path& path, uint64_t seed, DrawPurpose purpose, uint64_t count) {
  std::string text;
  int64_t positive = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const SampleReview review = make_review(sample_world(), seed, purpose, i);
    positive += review.positive ? 1 : 0;
    text += review_line(review);
  }
  write_file(path, text);
  return {{"reviews", count}, {"positive", positive}};
}

Json write_questions(const std::filesystem::path& path, uint64_t seed, DrawPurpose purpose, uint64_t count) {
  std::vector<SamplePassage> passages;
  size_t questions = 0;
  for (uint64_t i = 0; i < count; ++i) {
    passages.push_back(make_passage(sample_world(), seed, purpose, i));
    questions += passages.back().questions.size();
  }
  write_file(path, questions_json(passages, path.stem().string()));
  return {{"passages", count}, {"questions", questions}};
}

Json rules_json() {
  const RuleBook& rules = sample_rules();
  Json containers = Json::object(), forms = Json::array();
  for (const RuleBook::Bought& bought : rules.things) {
    for (const auto& [container, percent] : bought.containers) containers[bought.thing][container] = percent;
  }
  for (const RuleBook::Form& form : rules.forms)
    forms.push_back({{"percent", form.percent}, {"form", form.text}});
  return {{"containers_percent", std::move(containers)},
          {"sentence_forms", std::move(forms)},
          {"never", rules.never}};
}

Json floor_json(uint64_t seed) {
  const MaskingRules rules;
  const MaskFloor floor = sample_mask_floor(seed, rules);
  return {{"nats_per_mask", three_decimals(floor.lower_bound)},
          {"upper_bound", three_decimals(floor.upper_bound)},
          {"standard_error", three_decimals(floor.standard_error)},
          {"masks", floor.predictions},
          {"next_sentence_accuracy", three_decimals(floor.next_sentence_accuracy)},
          {"max_sequence_length", rules.max_sequence_length},
          {"mask_probability", rules.mask_probability}};
}

}  // namespace

void write_sample(const std::filesystem::path& folder, uint64_t seed) {
  const SampleWorld& world = sample_world();
  make_folder(folder / "reviews");
  make_folder(folder / "questions");
  const auto training = make_documents(world, seed, DrawPurpose::training_documents, training_sentences);
  const auto validation =
      make_documents(world, seed, DrawPurpose::validation_documents, validation_sentences);
  Json statistics = {{"seed", seed}};
  statistics["words"] = world.words.size();
  statistics["suggested_vocabulary_size"] = suggested_vocabulary_size;
  statistics["corpus.txt"] = write_corpus(folder / "corpus.txt", training);
  statistics["corpus-valid.txt"] = write_corpus(folder / "corpus-valid.txt", validation);
  const auto reviews = folder / "reviews", questions = folder / "questions";
  statistics["reviews/train.csv"] =
      write_reviews(reviews / "train.csv", seed, DrawPurpose::training_reviews, training_reviews);
  statistics["reviews/test.csv"] =
      write_reviews(reviews / "test.csv", seed, DrawPurpose::test_reviews, test_reviews);
  statistics["questions/train.json"] =
      write_questions(questions / "train.json", seed, DrawPurpose::training_passages, training_passages);
  statistics["questions/dev.json"] =
      write_questions(questions / "dev.json", seed, DrawPurpose::dev_passages, dev_passages);
  statistics["unigram_entropy"] = three_decimals(unigram_entropy(world, training));
  statistics["mask_floor"] = floor_json(seed);
  statistics["rules"] = rules_json();
  // Last, so that its presence says the sample is complete.
  write_file(folder / "statistics.json", statistics.dump(2) + "\n");
}

}  // namespace cloze
