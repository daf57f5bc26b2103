#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/data/squad/question_file.h"
#include "engine/data/squad/trainable_answers.h"
#include "engine/tasks/squad/prediction_files.h"
#include "engine/tasks/squad/squad_score.h"
#include "engine/tasks/task_file.h"

namespace cloze {
namespace {

// Training takes one answer a question; where the file gives several, the first.
void keep_first_answers(QuestionFile& file) {
  size_t cut = 0;
  for (Question& question : file.questions) {
    if (question.answers.size() < 2) continue;
    question.answers.resize(1);
    ++cut;
  }
  if (cut > 0)
    log::info("{}: of {} questions with several answers the first is trained on", file.path.string(), cut);
}

class QuestionTaskFile final : public TaskFile {
 public:
  QuestionTaskFile(const TaskReading& reading, const std::filesystem::path& path, ExampleUse use)
      : reading_(reading), use_(use), file_(read_question_file(path)) {
    const bool training = use == ExampleUse::training;
    if (training) {
      keep_first_answers(file_);
      const size_t skipped = keep_trainable(file_, reading_.squad.version_2_with_negative);
      if (file_.questions.empty()) {
        throw Error(
            {.what = "no question of the training file can be used",
             .where = path.string(),
             .why = fmt::format("{} were skipped: their answers are not in their passages", skipped)});
      }
    }
    windows_ = make_question_windows(file_, *reading_.tokenizer, reading_.squad,
                                     training ? WindowPurpose::training : WindowPurpose::prediction,
                                     reading_.threads);
    log::info("{}: {} questions about {} passages, {} windows", path.string(), file_.questions.size(),
              file_.passages.size(), windows_.size());
  }

  size_t size() const override { return windows_.size(); }
  size_t examples() const override { return file_.questions.size(); }

  TaskItem item(size_t index) const override {
    const QuestionWindow& window = windows_[index];
    TaskItem item{.sequences = {&window.sequence, 1}};
    if (use_ == ExampleUse::training) item.start = window.start_label, item.end = window.end_label;
    return item;
  }

  void for_each_text(const std::function<void(const std::string&)>& use) const override {
    for (const Passage& passage : file_.passages) use(passage.text);
  }

  std::string show(size_t index, const std::string&) const override {
    return show_question_window(
        file_, windows_[index], reading_.tokenizer->vocabulary(), reading_.squad,
        use_ == ExampleUse::training ? WindowPurpose::training : WindowPurpose::prediction);
  }

  std::vector<TaskScore> score(const TaskOutputs& outputs) const override {
    if (use_ != ExampleUse::evaluation) return {};
    const std::vector<AnsweredQuestion> answers = answer(outputs);
    if (squad_version(file_) == SquadVersion::v1) {
      const SquadScore score = score_squad_v1(file_, predicted_answers(answers));
      return {{"f1", score.all.f1}, {"exact_match", score.all.exact}};
    }
    const SquadScore score =
        score_squad_v2(file_, predicted_answers(answers), NullOddsRule{.odds = null_odds(answers)});
    std::vector<TaskScore> scores{{"f1", score.all.f1}, {"exact", score.all.exact}};
    if (score.with_answer) {
      scores.push_back({"HasAns_exact", score.with_answer->exact});
      scores.push_back({"HasAns_f1", score.with_answer->f1});
    }
    if (score.without_answer) scores.push_back({"NoAns_exact", score.without_answer->exact});
    if (score.best_exact) {
      scores.push_back({"best_exact", score.best_exact->score});
      scores.push_back({"best_exact_thresh", score.best_exact->threshold});
    }
    if (score.best_f1) {
      scores.push_back({"best_f1", score.best_f1->score});
      scores.push_back({"best_f1_thresh", score.best_f1->threshold});
    }
    return scores;
  }

  std::string prediction_line(size_t example, const TaskOutputs& outputs) const override {
    const AnsweredQuestion answered = answer(outputs)[example];
    return nlohmann::json{{"id", answered.id}, {"text", answered.text}}.dump() + "\n";
  }

  std::vector<std::string> write_predictions(const TaskOutputs& outputs,
                                             const std::filesystem::path& folder) const override {
    const bool with_null = reading_.squad.version_2_with_negative;
    write_prediction_files(folder, answer(outputs), with_null);
    std::vector<std::string> names{"predictions.json", "nbest_predictions.json"};
    if (with_null) names.push_back("null_odds.json");
    return names;
  }

 private:
  std::vector<AnsweredQuestion> answer(const TaskOutputs& outputs) const {
    std::vector<std::vector<float>> start(size()), end(size());
    std::vector<WindowScores> scores;
    for (size_t i = 0; i < size(); ++i) {
      const std::span<const float> logits = outputs.of(i);  // [tokens, 2]
      for (size_t token = 0; 2 * token < logits.size(); ++token) {
        start[i].push_back(logits[2 * token]);
        end[i].push_back(logits[2 * token + 1]);
      }
      scores.push_back({start[i], end[i]});
    }
    return select_answers(file_, windows_, scores, reading_.squad, *reading_.tokenizer, reading_.threads);
  }

  TaskReading reading_;
  ExampleUse use_;
  QuestionFile file_;
  std::vector<QuestionWindow> windows_;
};

}  // namespace

std::unique_ptr<TaskFile> read_question_task(const TaskReading& reading, const std::filesystem::path& path,
                                             ExampleUse use) {
  return std::make_unique<QuestionTaskFile>(reading, path, use);
}

}  // namespace cloze
