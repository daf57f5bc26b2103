#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// The bytes of a TensorBoard event file: TFRecord framing (tensorflow/core/lib/io/record_writer.h) around
// protobuf messages (tensorflow/core/util/event.proto, framework/summary.proto), for the handful of fields
// scalars need.
namespace cloze::tensorboard {

// length (u64) · masked CRC of the length (u32) · data · masked CRC of the data (u32); little-endian.
std::string framed(std::string_view data);

// Event{wall_time, file_version: "brain.Event:2"}: the first of a file.
std::string file_version_event(double wall_time);

// Event{wall_time, step, session_log{status: START}}: TensorBoard then drops this run's older events from
// `step` on.
std::string session_start_event(double wall_time, int64_t step);

// Event{wall_time, step, summary{value{tag, simple_value}…}}
std::string scalars_event(double wall_time, int64_t step,
                          std::span<const std::pair<std::string, double>> scalars);

}  // namespace cloze::tensorboard
