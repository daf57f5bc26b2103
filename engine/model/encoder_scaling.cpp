#include "engine/model/encoder_scaling.h"

#include "engine/model/bert_parameters.h"

namespace cloze {

Float8Scaling encoder_scaling(const ParameterLayout& layout, Precision precision) {
  if (!multiplies_float8(precision)) return {};
  std::vector<std::string> matrices;
  for (const Parameter& parameter : layout.parameters()) {
    const bool matrix = !parameter.vector && !parameter.stacked;
    if (matrix && parameter.name.starts_with(bert_names::layers)) matrices.push_back(parameter.name);
  }
  return {layout, matrices};
}

}  // namespace cloze
