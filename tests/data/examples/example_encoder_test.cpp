#include "engine/data/examples/example_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/data/examples/encode_examples.h"
#include "engine/data/examples/task_options.h"
#include "tests/data/examples/test_examples.h"
#include "tests/text/test_vocabulary.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::letter_tokenizer;
using testing::message_of;

const RecordPlace place{"train.tsv", 3};

ExampleEncoder encoder_of(TaskKind kind, LabelSet labels, SequenceOptions sequences = {}) {
  TaskDescription task;
  task.kind = kind;
  task.sequences = sequences;
  return {letter_tokenizer(), task, std::move(labels)};
}

std::vector<std::string> pieces(const EncodedSequence& sequence) {
  return pieces_of(letter_tokenizer()->vocabulary(), sequence.tokens);
}

TEST(ExampleEncoder, TextsAndPairs) {
  const auto encoder = encoder_of(TaskKind::classification, LabelSet({"no", "yes"}));
  EncodingCounts counts;
  const auto one = encoder.encode({"0", 1, TextPair{"a B", "", "yes"}}, place, ExampleUse::training, counts);
  ASSERT_EQ(one.sequences.size(), 1u);
  EXPECT_THAT(pieces(one.sequences[0]), ElementsAre("[CLS]", "a", "b", "[SEP]"));
  EXPECT_EQ(one.sequences[0].second_begins, 4);
  EXPECT_EQ(one.label, 1);
  const auto two = encoder.encode({"0", 1, TextPair{"a", "c d", "no"}}, place, ExampleUse::training, counts);
  EXPECT_THAT(pieces(two.sequences[0]), ElementsAre("[CLS]", "a", "[SEP]", "c", "d", "[SEP]"));
  EXPECT_EQ(two.sequences[0].second_begins, 3);
  // A second text that leaves no tokens is none.
  const auto blank =
      encoder.encode({"0", 1, TextPair{"a", "\u200B", "no"}}, place, ExampleUse::training, counts);
  EXPECT_EQ(blank.sequences[0].second_begins, 3);
  EXPECT_EQ(counts.sequences, 3);
  EXPECT_EQ(counts.tokens, 4 + 6 + 3);
  EXPECT_EQ(counts.cut_sequences, 0);
}

TEST(ExampleEncoder, CutsFromTheLongerText) {
  const auto encoder = encoder_of(TaskKind::classification, {}, {.max_sequence_length = 8});
  EncodingCounts counts;
  EXPECT_THAT(pieces(encoder.encode_texts("a b c d e", "f g h a", counts)),
              ElementsAre("[CLS]", "a", "b", "c", "[SEP]", "f", "g", "[SEP]"));
  EXPECT_THAT(pieces(encoder.encode_texts("a", "f g h a b c", counts)),
              ElementsAre("[CLS]", "a", "[SEP]", "f", "g", "h", "a", "[SEP]"));
  EXPECT_EQ(counts.cut_sequences, 2);
  EXPECT_EQ(counts.dropped_tokens, 4 + 2);
  EXPECT_EQ(counts.longest, 12);
}

TEST(ExampleEncoder, TailAndHeadTail) {
  EncodingCounts counts;
  const auto tail = encoder_of(TaskKind::classification, {}, {6, Truncation::tail, 0});
  EXPECT_THAT(pieces(tail.encode_texts("a b c d e f g h", "", counts)),
              ElementsAre("[CLS]", "e", "f", "g", "h", "[SEP]"));
  const auto both = encoder_of(TaskKind::classification, {}, {6, Truncation::head_tail, 0.25});
  EXPECT_THAT(pieces(both.encode_texts("a b c d e f g h", "", counts)),
              ElementsAre("[CLS]", "a", "f", "g", "h", "[SEP]"));
}

TEST(ExampleEncoder, EveryEndingIsASequence) {
  const auto encoder = encoder_of(TaskKind::multiple_choice, LabelSet({"0", "1"}));
  EncodingCounts counts;
  const auto encoded =
      encoder.encode({"0", 1, MultipleChoice{"a", {"b", "c d"}, "1"}}, place, ExampleUse::training, counts);
  ASSERT_EQ(encoded.sequences.size(), 2u);
  EXPECT_THAT(pieces(encoded.sequences[1]), ElementsAre("[CLS]", "a", "[SEP]", "c", "d", "[SEP]"));
  EXPECT_EQ(encoded.label, 1);
  const Example three{"0", 1, MultipleChoice{"a", {"b", "c", "d"}, "1"}};
  EXPECT_THAT(message_of([&] { encoder.encode(three, place, ExampleUse::training, counts); }),
              AllOf(HasSubstr("3 ending(s)"), HasSubstr("train.tsv:3")));
}

TEST(ExampleEncoder, TheFirstPieceOfAWordCarriesItsTag) {
  const auto encoder = encoder_of(TaskKind::tagging, LabelSet({"B-X", "I-X", "O"}));
  EncodingCounts counts;
  const TaggedWords sentence{{"ax", "b", "\u200B", "a-b"}, {"B-X", "I-X", "O", "O"}};
  const auto encoded = encoder.encode({"0", 1, sentence}, place, ExampleUse::training, counts);
  EXPECT_THAT(pieces(encoded.sequences[0]),
              ElementsAre("[CLS]", "a", "##x", "b", "a", "[UNK]", "b", "[SEP]"));
  EXPECT_THAT(encoded.token_labels, ElementsAre(-1, 0, -1, 1, 2, -1, -1, -1));
  EXPECT_THAT(encoded.word_rows, ElementsAre(1, 3, -1, 4));
  EXPECT_EQ(counts.words_without_pieces, 1);
}

TEST(ExampleEncoder, TagsBeyondTheLengthAreCounted) {
  EncodingCounts counts;
  const TaggedWords sentence{{"a", "b", "c", "d", "e"}, {"O", "O", "B-X", "O", "B-X"}};
  const LabelSet labels({"B-X", "O"});
  const auto head = encoder_of(TaskKind::tagging, labels, {.max_sequence_length = 5});
  EXPECT_THAT(head.encode({"0", 1, sentence}, place, ExampleUse::training, counts).word_rows,
              ElementsAre(1, 2, 3, -1, -1));
  EXPECT_EQ(counts.cut_words, 2);
  const auto tail = encoder_of(TaskKind::tagging, labels, {5, Truncation::tail, 0});
  const auto encoded = tail.encode({"0", 1, sentence}, place, ExampleUse::training, counts);
  EXPECT_THAT(encoded.word_rows, ElementsAre(-1, -1, 1, 2, 3));
  EXPECT_THAT(encoded.token_labels, ElementsAre(-1, 0, 1, 0, -1));
  const auto untagged = head.encode({"0", 1, TaggedWords{{"a"}, {}}}, place, ExampleUse::prediction, counts);
  EXPECT_THAT(untagged.token_labels, ElementsAre(-1, -1, -1));
  EXPECT_THAT(untagged.word_rows, ElementsAre(1));
}

// README of google-research/bert: the map from words to pieces.
TEST(ExampleEncoder, WordRowsOfGooglesReadme) {
  const auto vocabulary = std::make_shared<const Vocabulary>(
      Vocabulary::parse("[PAD]\n[UNK]\n[CLS]\n[SEP]\njohn\njohan\n##son\n'\ns\nhouse\n", "readme"));
  const ExampleEncoder encoder(std::make_shared<const Tokenizer>(vocabulary, TokenizerOptions{}),
                               {.kind = TaskKind::tagging}, {});
  EncodingCounts counts;
  const auto encoded = encoder.encode({"0", 1, TaggedWords{{"John", "Johanson", "'s", "house"}, {}}}, place,
                                      ExampleUse::prediction, counts);
  EXPECT_THAT(pieces_of(*vocabulary, encoded.sequences[0].tokens),
              ElementsAre("[CLS]", "john", "johan", "##son", "'", "s", "house", "[SEP]"));
  EXPECT_THAT(encoded.word_rows, ElementsAre(1, 2, 4, 6));
}

TEST(ExampleEncoder, ScoresAndLabelsThatAreNone) {
  EncodingCounts counts;
  const auto regression = encoder_of(TaskKind::regression, {});
  EXPECT_FLOAT_EQ(
      regression.encode({"0", 1, TextPair{"a", "b", "3.80"}}, place, ExampleUse::training, counts).score,
      3.8f);
  for (const char* bad : {"score", "nan", "1e999", "3,5"}) {
    const Example example{"0", 1, TextPair{"a", "b", bad}};
    EXPECT_THAT(message_of([&] { regression.encode(example, place, ExampleUse::training, counts); }),
                AllOf(HasSubstr(bad), HasSubstr("train.tsv:3")));
  }
  const auto classes = encoder_of(TaskKind::classification, LabelSet({"0", "1"}));
  const Example outside{"0", 1, TextPair{"a", "", "2"}};
  EXPECT_THAT(message_of([&] { classes.encode(outside, place, ExampleUse::evaluation, counts); }),
              AllOf(HasSubstr("`2`"), HasSubstr("train.tsv:3")));
  EXPECT_EQ(classes.encode(outside, place, ExampleUse::prediction, counts).label, -1);
}

TEST(EncodeExamples, ThreadsChangeNothing) {
  ExampleSet set{.file = "train.tsv"};
  for (int i = 0; i < 2000; ++i) {
    set.examples.push_back(
        {std::to_string(i), i + 1,
         TextPair{i % 3 == 0 ? "a b c" : "d", i % 2 == 0 ? "e" : "", i % 5 == 0 ? "1" : "0"}});
  }
  const auto encoder = encoder_of(TaskKind::classification, LabelSet({"0", "1"}));
  const auto one = encode_examples(set, encoder, ExampleUse::training, 1);
  const auto many = encode_examples(set, encoder, ExampleUse::training, 5);
  ASSERT_EQ(one.examples.size(), 2000u);
  EXPECT_EQ(one.examples, many.examples);
  EXPECT_EQ(one.counts, many.counts);
  EXPECT_EQ(one.examples[5].label, 1);
  // The first of several bad labels is the one that is reported.
  std::get<TextPair>(set.examples[700].content).label = "x";
  std::get<TextPair>(set.examples[1999].content).label = "y";
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(message_of([&] { encode_examples(set, encoder, ExampleUse::training, 4); }),
                HasSubstr("train.tsv:701"));
  }
}

}  // namespace
}  // namespace cloze
