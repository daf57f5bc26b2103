#include "engine/tasks/outputs/python_json.h"
#include "engine/tasks/squad/squad_score.h"

namespace cloze {
namespace {

void write_number(PythonJsonWriter& writer, const std::string& key, double value) {
  writer.key(key);
  writer.number(value);
}

void write_group(PythonJsonWriter& writer, const std::string& prefix, const GroupScore& group) {
  write_number(writer, prefix + "exact", group.exact);
  write_number(writer, prefix + "f1", group.f1);
  writer.key(prefix + "total");
  writer.integer(group.total);
}

void write_best(PythonJsonWriter& writer, const std::string& key, const BestThreshold& best) {
  write_number(writer, key, best.score);
  write_number(writer, key + "_thresh", best.threshold);
}

std::string score_json_v1(const SquadScore& score) {
  PythonJsonWriter writer;
  writer.begin_object();
  write_number(writer, "exact_match", score.all.exact);
  write_number(writer, "f1", score.all.f1);
  writer.end_object();
  return writer.take() + "\n";
}

std::string score_json_v2(const SquadScore& score) {
  PythonJsonWriter writer(2);
  writer.begin_object();
  write_group(writer, "", score.all);
  if (score.with_answer) write_group(writer, "HasAns_", *score.with_answer);
  if (score.without_answer) write_group(writer, "NoAns_", *score.without_answer);
  if (score.best_exact) write_best(writer, "best_exact", *score.best_exact);
  if (score.best_f1) write_best(writer, "best_f1", *score.best_f1);
  writer.end_object();
  return writer.take() + "\n";
}

}  // namespace

std::string score_json(const SquadScore& score, SquadVersion version) {
  return version == SquadVersion::v1 ? score_json_v1(score) : score_json_v2(score);
}

}  // namespace cloze
