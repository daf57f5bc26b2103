#include "tests/golden/golden_model.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "engine/base/file.h"
#include "engine/checkpoint/huggingface_config.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/safetensors_header.h"
#include "engine/optim/optimizer_options.h"

namespace cloze {
namespace {

std::vector<int32_t> integers(const std::map<std::string, std::vector<double>>& tensors,
                              const std::string& name) {
  const std::vector<double>& values = tensors.at(name);
  return {values.begin(), values.end()};
}

template <typename From>
std::vector<double> widened(std::string_view bytes) {
  std::vector<From> values(bytes.size() / sizeof(From));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return {values.begin(), values.end()};
}

// Fills in what follows from tokens and offsets.
void complete(PackedSequences& s) {
  s.live_tokens = static_cast<int64_t>(s.tokens.size());
  s.live_sequences = static_cast<int64_t>(s.sequence_offsets.size()) - 1;
  s.first_rows.assign(s.sequence_offsets.begin(), s.sequence_offsets.end() - 1);
  s.token_order.resize(s.tokens.size());
  std::iota(s.token_order.begin(), s.token_order.end(), 0);
  std::stable_sort(s.token_order.begin(), s.token_order.end(), [&](int32_t a, int32_t b) {
    return s.tokens[static_cast<size_t>(a)] < s.tokens[static_cast<size_t>(b)];
  });
}

void complete(PretrainingBatch& batch) {
  complete(batch.sequences);
  batch.live_predictions = static_cast<int64_t>(batch.prediction_rows.size());
  batch.prediction_kinds.assign(batch.prediction_rows.size(), MaskKind::masked);
  batch.capacity = {batch.sequences.live_tokens, batch.sequences.live_sequences, batch.live_predictions};
}

}  // namespace

std::filesystem::path golden_folder() {
  return std::filesystem::path(CLOZE_SOURCE_DIR) / "tests/golden/model";
}

std::map<std::string, std::vector<double>> read_doubles(const std::filesystem::path& safetensors) {
  const MappedFile file(safetensors);
  const SafetensorsHeader header = parse_safetensors_header(file.text(), file.size(), safetensors.string());
  std::map<std::string, std::vector<double>> tensors;
  for (const SafetensorsEntry& entry : header.entries) {
    const std::string_view bytes =
        file.text().substr(header.data_begin + entry.begin, entry.end - entry.begin);
    switch (entry.type) {
      case ElementType::f64:
        tensors[entry.name] = widened<double>(bytes);
        break;
      case ElementType::f32:
        tensors[entry.name] = widened<float>(bytes);
        break;
      case ElementType::i64:
        tensors[entry.name] = widened<int64_t>(bytes);
        break;
      default:
        tensors[entry.name] = widened<int32_t>(bytes);
        break;
    }
  }
  return tensors;
}

std::map<std::string, PeerError> read_errors(const std::filesystem::path& json, const std::string& run) {
  const auto document = nlohmann::json::parse(read_file(json));
  std::map<std::string, PeerError> errors;
  for (const auto& [name, entry] : document.at(run).items()) {
    errors[name] = {entry.value("float32_error", 0.0), entry.value("norm", 0.0)};
  }
  return errors;
}

std::map<std::string, PeerError> read_errors(const std::string& run) {
  return read_errors(golden_folder() / "errors.json", run);
}

BertConfig golden_config(Activation activation) {
  BertConfig config = read_huggingface_config(golden_folder() / "config.json").bert;
  config.activation = activation;
  return config;
}

PackedSequences packed_sequences(const std::map<std::string, std::vector<double>>& tensors,
                                 const std::string& prefix) {
  PackedSequences s;
  s.tokens = integers(tensors, prefix + "tokens");
  s.token_types = integers(tensors, prefix + "token_types");
  s.sequence_offsets = integers(tensors, prefix + "sequence_offsets");
  for (size_t sequence = 0; sequence + 1 < s.sequence_offsets.size(); ++sequence) {
    for (int32_t row = s.sequence_offsets[sequence]; row < s.sequence_offsets[sequence + 1]; ++row) {
      s.positions.push_back(row - s.sequence_offsets[sequence]);
      s.row_ids.push_back(static_cast<int32_t>(sequence));
      s.row_ids.push_back(s.positions.back());
    }
  }
  complete(s);
  return s;
}

PretrainingBatch golden_batch() {
  const auto tensors = read_doubles(golden_folder() / "batch.safetensors");
  PretrainingBatch batch;
  batch.sequences = packed_sequences(tensors, "");
  batch.prediction_rows = integers(tensors, "prediction_rows");
  batch.prediction_labels = integers(tensors, "prediction_labels");
  batch.next_sentence_labels = integers(tensors, "next_sentence_labels");
  // The rows must ascend for the needed-rows inputs; the golden's do already.
  complete(batch);
  return batch;
}

PretrainingBatch part_of(const PretrainingBatch& batch, int64_t begin, int64_t end) {
  const PackedSequences& all = batch.sequences;
  const int32_t first = all.sequence_offsets[static_cast<size_t>(begin)];
  const int32_t last = all.sequence_offsets[static_cast<size_t>(end)];
  const auto rows = [&](const std::vector<int32_t>& values, int64_t width) {
    return std::vector<int32_t>(values.begin() + first * width, values.begin() + last * width);
  };
  PretrainingBatch part;
  part.sequences.tokens = rows(all.tokens, 1);
  part.sequences.token_types = rows(all.token_types, 1);
  part.sequences.positions = rows(all.positions, 1);
  part.sequences.row_ids = rows(all.row_ids, 2);
  for (int64_t s = begin; s <= end; ++s) {
    part.sequences.sequence_offsets.push_back(all.sequence_offsets[static_cast<size_t>(s)] - first);
  }
  for (size_t i = 0; i < batch.prediction_rows.size(); ++i) {
    if (batch.prediction_rows[i] < first || batch.prediction_rows[i] >= last) continue;
    part.prediction_rows.push_back(batch.prediction_rows[i] - first);
    part.prediction_labels.push_back(batch.prediction_labels[i]);
  }
  part.next_sentence_labels.assign(batch.next_sentence_labels.begin() + begin,
                                   batch.next_sentence_labels.begin() + end);
  complete(part);
  return part;
}

GoldenModel::GoldenModel(DeviceKind device, BertConfig config, PretrainingCompileOptions options)
    : config_(std::move(config)), layout_(std::make_unique<ParameterLayout>(bert_parameters(config_, {}))) {
  engine_ = make_engine(device, layout_->elements(), {.training = true});
  const SafetensorsFile weights(golden_folder() / "weights.safetensors");
  for (const Parameter& parameter : layout_->parameters()) {
    engine_->write(Memory::parameters, parameter.offset, weights.values_of(parameter.name));
  }
  if (options.update.segments == nullptr)
    options.update = update_attributes(*layout_, UpdateRule::adamw, 0.01f);
  programs_ = std::make_unique<PretrainingPrograms>(config_, *layout_, *engine_, std::move(options));
}

void GoldenModel::step(const std::vector<PretrainingBatch>& micro_batches, const float* update_scalars,
                       PhiloxKey key) {
  PretrainingStepInputs inputs{.dropout_key = key};
  for (const PretrainingBatch& batch : micro_batches) {
    inputs.global_predictions += batch.live_predictions;
    inputs.global_sequences += batch.sequences.live_sequences;
  }
  if (update_scalars != nullptr) std::copy_n(update_scalars, OptimizerScalars::count, inputs.update_scalars);
  metrics = {};
  for (size_t i = 0; i < micro_batches.size(); ++i) {
    const MicroBatch place{.first = i == 0,
                           .last = update_scalars != nullptr && i + 1 == micro_batches.size()};
    PretrainingProgram& program = programs_->training(micro_batches[i].capacity, place);
    program.load(micro_batches[i], inputs);
    program.run();
    metrics += program.metrics(micro_batches[i]);
    if (place.last) gradient_norm = program.gradient_norm();
  }
}

std::vector<double> GoldenModel::flat(Memory memory, const std::string& name) const {
  const Parameter& parameter = layout_->at(name);
  std::vector<double> values(static_cast<size_t>(parameter.file_rows * parameter.columns));
  engine_->read(memory, parameter.offset, values);
  return values;
}

UpdateAttributes update_attributes(const ParameterLayout& layout, UpdateRule rule, float weight_decay) {
  std::vector<ParameterSegment> segments;
  for (const Parameter& parameter : layout.parameters()) {
    segments.push_back({.begin = parameter.offset,
                        .end = parameter.offset + parameter.elements(),
                        .weight_decay = decays(parameter.name) ? weight_decay : 0.0f});
  }
  return {.rule = rule,
          .segments = std::make_shared<const std::vector<ParameterSegment>>(std::move(segments))};
}

}  // namespace cloze
