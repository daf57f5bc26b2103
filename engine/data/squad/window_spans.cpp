#include "engine/data/squad/window_spans.h"

#include <algorithm>
#include <cstddef>

namespace cloze {

std::vector<WindowSpan> window_spans(int32_t tokens, int32_t room, int32_t stride) {
  std::vector<WindowSpan> spans;
  for (int32_t start = 0; start < tokens;) {
    const int32_t length = std::min(tokens - start, room);
    spans.push_back({start, length});
    if (start + length == tokens) break;
    start += std::min(length, stride);
  }
  return spans;
}

std::vector<int32_t> max_context_windows(std::span<const WindowSpan> spans) {
  const int32_t tokens = spans.empty() ? 0 : spans.back().start + spans.back().length;
  std::vector<int32_t> best_window(static_cast<size_t>(tokens), -1);
  std::vector<double> best_score(static_cast<size_t>(tokens));
  for (size_t window = 0; window < spans.size(); ++window) {
    const auto [start, length] = spans[window];
    for (int32_t offset = 0; offset < length; ++offset) {
      // In double and with these operations, as Python computes it, since ties are told by rounding.
      const double score = std::min(offset, length - 1 - offset) + 0.01 * length;
      const auto token = static_cast<size_t>(start + offset);
      if (best_window[token] >= 0 && score <= best_score[token]) continue;
      best_window[token] = static_cast<int32_t>(window);
      best_score[token] = score;
    }
  }
  return best_window;
}

}  // namespace cloze
