#include "engine/tasks/metrics/confusion.h"

#include <cmath>
#include <stdexcept>

namespace cloze {
namespace {

double ratio(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

ConfusionCounts::ConfusionCounts(int32_t classes)
    : classes_(classes), counts_(static_cast<size_t>(classes) * static_cast<size_t>(classes)) {}

void ConfusionCounts::add(int32_t right, int32_t predicted) {
  if (right < 0 || right >= classes_ || predicted < 0 || predicted >= classes_) {
    throw std::logic_error("a label is no class of the confusion counts");
  }
  ++counts_[static_cast<size_t>(right) * static_cast<size_t>(classes_) + static_cast<size_t>(predicted)];
}

int64_t ConfusionCounts::at(int32_t right, int32_t predicted) const {
  return counts_.at(static_cast<size_t>(right) * static_cast<size_t>(classes_) +
                    static_cast<size_t>(predicted));
}

int64_t ConfusionCounts::right_total(int32_t label) const {
  int64_t sum = 0;
  for (int32_t other = 0; other < classes_; ++other) sum += at(label, other);
  return sum;
}

int64_t ConfusionCounts::predicted_total(int32_t label) const {
  int64_t sum = 0;
  for (int32_t other = 0; other < classes_; ++other) sum += at(other, label);
  return sum;
}

int64_t ConfusionCounts::correct() const {
  int64_t sum = 0;
  for (int32_t label = 0; label < classes_; ++label) sum += at(label, label);
  return sum;
}

int64_t ConfusionCounts::total() const {
  int64_t sum = 0;
  for (const int64_t count : counts_) sum += count;
  return sum;
}

ConfusionCounts count_confusion(std::span<const int32_t> right, std::span<const int32_t> predicted,
                                int32_t classes) {
  if (right.size() != predicted.size()) throw std::logic_error("labels and predictions differ in number");
  ConfusionCounts counts(classes);
  for (size_t i = 0; i < right.size(); ++i) counts.add(right[i], predicted[i]);
  return counts;
}

double accuracy(const ConfusionCounts& counts) {
  return ratio(counts.correct(), counts.total());
}

PrecisionRecall precision_recall(int64_t true_positives, int64_t predicted, int64_t right) {
  return {ratio(true_positives, predicted), ratio(true_positives, right),
          ratio(2 * true_positives, predicted + right)};
}

PrecisionRecall precision_recall(const ConfusionCounts& counts, int32_t label) {
  return precision_recall(counts.at(label, label), counts.predicted_total(label), counts.right_total(label));
}

PrecisionRecall macro_average(const ConfusionCounts& counts) {
  PrecisionRecall sum;
  int32_t occurring = 0;
  for (int32_t label = 0; label < counts.classes(); ++label) {
    if (counts.right_total(label) + counts.predicted_total(label) == 0) continue;
    const PrecisionRecall one = precision_recall(counts, label);
    sum.precision += one.precision;
    sum.recall += one.recall;
    sum.f1 += one.f1;
    ++occurring;
  }
  if (occurring == 0) return {};
  return {sum.precision / occurring, sum.recall / occurring, sum.f1 / occurring};
}

double matthews(const ConfusionCounts& counts) {
  const auto total = static_cast<double>(counts.total()), correct = static_cast<double>(counts.correct());
  double both = 0, predicted_squares = 0, right_squares = 0;
  for (int32_t label = 0; label < counts.classes(); ++label) {
    const auto predicted = static_cast<double>(counts.predicted_total(label));
    const auto right = static_cast<double>(counts.right_total(label));
    both += predicted * right;
    predicted_squares += predicted * predicted;
    right_squares += right * right;
  }
  const double spread = (total * total - predicted_squares) * (total * total - right_squares);
  return spread == 0 ? 0 : (correct * total - both) / std::sqrt(spread);
}

}  // namespace cloze
