#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cloze {

// How often examples of each class were taken for each class: counts [classes, classes], row = right class,
// column = predicted class.
class ConfusionCounts {
 public:
  explicit ConfusionCounts(int32_t classes);

  // Both in [0, classes).
  void add(int32_t right, int32_t predicted);

  int32_t classes() const { return classes_; }
  int64_t at(int32_t right, int32_t predicted) const;
  int64_t right_total(int32_t label) const;      // examples of the class
  int64_t predicted_total(int32_t label) const;  // examples taken for it
  int64_t correct() const;
  int64_t total() const;

 private:
  int32_t classes_;
  std::vector<int64_t> counts_;
};

// [examples] each; labels in [0, classes).
ConfusionCounts count_confusion(std::span<const int32_t> right, std::span<const int32_t> predicted,
                                int32_t classes);

// correct / total; 0 without examples.
double accuracy(const ConfusionCounts& counts);

struct PrecisionRecall {
  double precision = 0;  // true positives / predicted; 0 where nothing was predicted
  double recall = 0;     // true positives / right; 0 where there is nothing to find
  double f1 = 0;  // 2 true positives / (predicted + right), the harmonic mean of both; 0 where undefined
};
PrecisionRecall precision_recall(int64_t true_positives, int64_t predicted, int64_t right);
// Of one class against all others.
PrecisionRecall precision_recall(const ConfusionCounts& counts, int32_t label);
// The mean of each over the classes that occur among right or predicted ones, as scikit-learn's "macro".
PrecisionRecall macro_average(const ConfusionCounts& counts);

// The correlation of Matthews (1975) for any number of classes (Gorodkin 2004, "Comparing two K-category
// assignments by a K-category correlation coefficient"):
//   (c s - sum_k p_k t_k) / sqrt((s^2 - sum_k p_k^2) (s^2 - sum_k t_k^2))
// with c correct of s examples, p_k taken for class k, t_k of class k. 0 where all examples are of one class
// or taken for one.
double matthews(const ConfusionCounts& counts);

}  // namespace cloze
