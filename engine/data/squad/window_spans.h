#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cloze {

// Tokens [start, start + length) of a passage.
struct WindowSpan {
  int32_t start = 0, length = 0;
  bool operator==(const WindowSpan&) const = default;
};

// Cuts `tokens` tokens into windows of at most `room`, each beginning `stride` after the one before (or at
// its end, if that comes first), until one reaches the end. No tokens, no window.
std::vector<WindowSpan> window_spans(int32_t tokens, int32_t room, int32_t stride);

// For each token the window that shows most of what surrounds it: the greatest min(tokens before it, tokens
// after it) + 0.01 * length, the first such window. [tokens]
std::vector<int32_t> max_context_windows(std::span<const WindowSpan> spans);

}  // namespace cloze
