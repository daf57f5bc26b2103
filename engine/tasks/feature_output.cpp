#include "engine/tasks/feature_output.h"

#include <algorithm>
#include <stdexcept>

#include "engine/tasks/outputs/python_json.h"
#include "engine/tasks/outputs/python_number.h"
#include "engine/text/python_text.h"

namespace cloze {
namespace {

constexpr int decimals = 6;

void write_layer(PythonJsonWriter& writer, const FeatureLayer& layer, size_t token, size_t tokens) {
  const size_t width = layer.values.size() / tokens;
  writer.begin_object();
  writer.key("index");
  writer.integer(layer.index);
  writer.key("values");
  writer.begin_list();
  for (const float value : layer.values.subspan(token * width, width))
    writer.number(python_round(value, decimals));
  writer.end_list();
  writer.end_object();
}

}  // namespace

FeatureTexts split_feature_line(std::string_view line) {
  constexpr std::string_view separator = " ||| ";
  line = python_strip(line);
  const size_t at = line.rfind(separator);
  if (at == std::string_view::npos) return {line, std::nullopt};
  return {line.substr(0, at), line.substr(at + separator.size())};
}

std::string feature_line(int64_t line_index, std::span<const std::string_view> tokens,
                         std::span<const FeatureLayer> layers) {
  const bool rows_fit = std::all_of(layers.begin(), layers.end(), [&](const FeatureLayer& layer) {
    return !tokens.empty() && layer.values.size() % tokens.size() == 0;
  });
  if (!rows_fit) throw std::logic_error("feature_line: a layer needs a row for each token");
  PythonJsonWriter writer;
  writer.begin_object();
  writer.key("linex_index");
  writer.integer(line_index);
  writer.key("features");
  writer.begin_list();
  for (size_t token = 0; token < tokens.size(); ++token) {
    writer.begin_object();
    writer.key("token");
    writer.text(tokens[token]);
    writer.key("layers");
    writer.begin_list();
    for (const FeatureLayer& layer : layers) write_layer(writer, layer, token, tokens.size());
    writer.end_list();
    writer.end_object();
  }
  writer.end_list();
  writer.end_object();
  return writer.take() + "\n";
}

}  // namespace cloze
