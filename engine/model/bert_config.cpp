#include "engine/model/bert_config.h"

#include <fmt/core.h>

#include "engine/base/error.h"

namespace cloze {

void validate(const BertConfig& config, const std::string& where) {
  std::string why;
  const auto need = [&](bool holds, const std::string& rule) {
    if (!holds) why += (why.empty() ? "" : "; ") + rule;
  };
  need(config.vocabulary_size > 0,
       fmt::format("vocabulary_size is {}, must be positive", config.vocabulary_size));
  need(config.hidden_size > 0, fmt::format("hidden_size is {}, must be positive", config.hidden_size));
  need(config.layers >= 0, fmt::format("layers is {}, must not be negative", config.layers));
  need(config.heads > 0, fmt::format("heads is {}, must be positive", config.heads));
  need(config.intermediate_size > 0,
       fmt::format("intermediate_size is {}, must be positive", config.intermediate_size));
  const bool divides = config.heads > 0 && config.hidden_size % config.heads == 0;
  need(config.heads <= 0 || divides, fmt::format("hidden_size {} is not a multiple of the number of heads {}",
                                                 config.hidden_size, config.heads));
  need(config.max_positions > 0, fmt::format("max_positions is {}, must be positive", config.max_positions));
  need(config.token_types > 0, fmt::format("token_types is {}, must be positive", config.token_types));
  const auto rate = [](float value) { return value >= 0 && value < 1; };
  need(rate(config.hidden_dropout),
       fmt::format("hidden_dropout is {}, must be in [0, 1)", config.hidden_dropout));
  need(rate(config.attention_dropout),
       fmt::format("attention_dropout is {}, must be in [0, 1)", config.attention_dropout));
  need(config.initializer_range >= 0,
       fmt::format("initializer_range is {}, must not be negative", config.initializer_range));
  need(config.layer_norm_epsilon > 0,
       fmt::format("layer_norm_epsilon is {}, must be positive", config.layer_norm_epsilon));
  if (!why.empty())
    throw UsageError({.what = "the model's sizes are impossible", .where = where, .why = why});
}

}  // namespace cloze
