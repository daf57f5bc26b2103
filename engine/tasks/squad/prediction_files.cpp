#include "engine/tasks/squad/prediction_files.h"

#include "engine/base/file.h"
#include "engine/tasks/outputs/python_json.h"

namespace cloze {
namespace {

constexpr int google_indent = 4;

// {id: write_value(writer, question)}
template <typename WriteValue>
std::string object_by_id(std::span<const AnsweredQuestion> questions, WriteValue&& write_value) {
  PythonJsonWriter writer(google_indent);
  writer.begin_object();
  for (const AnsweredQuestion& question : questions) {
    writer.key(question.id);
    write_value(writer, question);
  }
  writer.end_object();
  return writer.take() + "\n";
}

void write_candidate(PythonJsonWriter& writer, const CandidateAnswer& candidate) {
  writer.begin_object();
  writer.key("text");
  writer.text(candidate.text);
  writer.key("probability");
  writer.number(candidate.probability);
  writer.key("start_logit");
  writer.number(candidate.start_score);
  writer.key("end_logit");
  writer.number(candidate.end_score);
  writer.end_object();
}

}  // namespace

std::string predictions_json(std::span<const AnsweredQuestion> questions) {
  return object_by_id(questions, [](PythonJsonWriter& writer, const AnsweredQuestion& question) {
    writer.text(question.text);
  });
}

std::string nbest_json(std::span<const AnsweredQuestion> questions) {
  return object_by_id(questions, [](PythonJsonWriter& writer, const AnsweredQuestion& question) {
    writer.begin_list();
    for (const CandidateAnswer& candidate : question.candidates) write_candidate(writer, candidate);
    writer.end_list();
  });
}

std::string null_odds_json(std::span<const AnsweredQuestion> questions) {
  return object_by_id(questions, [](PythonJsonWriter& writer, const AnsweredQuestion& question) {
    writer.number(question.null_odds);
  });
}

void write_prediction_files(const std::filesystem::path& folder, std::span<const AnsweredQuestion> questions,
                            bool version_2_with_negative) {
  write_file(folder / "predictions.json", predictions_json(questions));
  write_file(folder / "nbest_predictions.json", nbest_json(questions));
  if (version_2_with_negative) write_file(folder / "null_odds.json", null_odds_json(questions));
}

}  // namespace cloze
