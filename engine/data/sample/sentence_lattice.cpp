#include "engine/data/sample/sentence_lattice.h"

#include <algorithm>
#include <utility>

namespace cloze {
namespace {

// Without the layout, the prior weight of a truncated end relative to a whole sentence. Any value gives a
// valid prediction; it matters only where the words leave the layout open.
constexpr double cut_prior = 0.05;

struct Emission {
  double untouched, picked;  // constant + z * picked
};

// The chance of what is seen at a position whose true word is `seen.word` with probability `chance`. A picked
// word is kept (1/2) or replaced by a uniform vocabulary entry (1/2).
Emission emission(const Observation& seen, double chance, int32_t vocabulary_size) {
  switch (seen.kind) {
    case Observation::Kind::hidden:
      return {1, 0};
    case Observation::Kind::certain:
      return {chance, 0};
    case Observation::Kind::visible:
      return {chance, 0.5 * chance + 0.5 / vocabulary_size};
  }
  return {0, 0};
}

double share(const std::vector<WordId>& words, WordId word) {
  const auto count = std::count(words.begin(), words.end(), word);
  return static_cast<double>(count) / static_cast<double>(words.size());
}

// What is seen of the slots begin … end of one sentence form.
class SentenceView {
 public:
  SentenceView(const SentenceLattice::Context& context, std::span<const Slot> slots,
               std::span<const Observation> seen)
      : context_(context), slots_(slots), seen_(seen) {}

  Series independent() const {
    Series product(context_.degree, 1);
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].kind == SlotKind::literal) {
        multiply(product, i, seen_[i].word == slots_[i].index ? 1 : 0);
      } else if (slots_[i].kind == SlotKind::choice) {
        multiply(product, i,
                 share(context_.world.choices[static_cast<size_t>(slots_[i].index)], seen_[i].word));
      }
    }
    return product;
  }

  Series at_place(const Place& place) const {
    Series product(context_.degree, 1);
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].kind == SlotKind::place) multiply(product, i, seen_[i].word == place.word ? 1 : 0);
      if (slots_[i].kind == SlotKind::sight) multiply(product, i, share(place.sights, seen_[i].word));
    }
    return product;
  }

  // Summed over the thing and its container; `without` (if not negative) is a thing that cannot be named.
  Series bought(int32_t without) const {
    Series sum(context_.degree);
    const auto& things = context_.world.things;
    const double chance = 1.0 / static_cast<double>(things.size() - (without >= 0 ? 1 : 0));
    for (size_t thing = 0; thing < things.size(); ++thing) {
      if (static_cast<int32_t>(thing) == without) continue;
      Series product(context_.degree, chance);
      for (size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].kind == SlotKind::thing)
          multiply(product, i, seen_[i].word == things[thing].word ? 1 : 0);
        if (slots_[i].kind == SlotKind::container)
          multiply(product, i, container_chance(things[thing], seen_[i].word));
      }
      sum.add(product);
    }
    return sum;
  }

  Series people(WordId person, WordId other_person) const {
    Series product(context_.degree, 1);
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].kind == SlotKind::person) multiply(product, i, seen_[i].word == person ? 1 : 0);
      if (slots_[i].kind == SlotKind::other_person)
        multiply(product, i, seen_[i].word == other_person ? 1 : 0);
    }
    return product;
  }

 private:
  static double container_chance(const Thing& thing, WordId word) {
    for (const ContainerChance& chance : thing.containers) {
      if (chance.word == word) return chance.percent / 100.0;
    }
    return 0;
  }
  void multiply(Series& product, size_t position, double chance) const {
    const Emission factor = emission(seen_[position], chance, context_.vocabulary_size);
    product.multiply(factor.untouched, factor.picked);
  }

  const SentenceLattice::Context& context_;
  std::span<const Slot> slots_;
  std::span<const Observation> seen_;
};

// Whether a slot could ever hold `word`: a cheap necessary condition.
bool may_hold(const SampleWorld& world, const Slot& slot, WordId word) {
  switch (slot.kind) {
    case SlotKind::literal:
      return slot.index == word;
    case SlotKind::choice:
      return share(world.choices[static_cast<size_t>(slot.index)], word) > 0;
    case SlotKind::person:
    case SlotKind::other_person:
      return share(world.people, word) > 0;
    case SlotKind::place:
      return std::any_of(world.places.begin(), world.places.end(),
                         [&](const Place& place) { return place.word == word; });
    case SlotKind::sight:
      return std::any_of(world.places.begin(), world.places.end(),
                         [&](const Place& place) { return share(place.sights, word) > 0; });
    case SlotKind::thing:
      return std::any_of(world.things.begin(), world.things.end(),
                         [&](const Thing& thing) { return thing.word == word; });
    case SlotKind::container:
      return true;
  }
  return false;
}

}  // namespace

std::vector<Observation> observe(const MaskedSegment& segment) {
  std::vector<Observation> seen;
  for (const WordId word : segment.seen) {
    seen.push_back({word == masked_word ? Observation::Kind::hidden : Observation::Kind::visible, word});
  }
  return seen;
}

std::vector<DocumentLatent> all_document_latents(const SampleWorld& world) {
  std::vector<DocumentLatent> latents;
  const auto people = static_cast<int32_t>(world.people.size());
  for (int32_t place = 0; place < static_cast<int32_t>(world.places.size()); ++place) {
    int32_t pair = 0;
    for (int32_t one = 0; one < people; ++one) {
      for (int32_t other = 0; other < people; ++other) {
        if (other == one) continue;
        const bool restricted =
            place == world.never.place && (one == world.never.person || other == world.never.person);
        latents.push_back({place, {one, other}, pair++, restricted});
      }
    }
  }
  return latents;
}

SentenceLattice::SentenceLattice(const Context& context, std::span<const Observation> seen,
                                 const std::vector<SentencePiece>* pieces)
    : context_(context), seen_(seen) {
  for (int32_t begin = 0; begin < static_cast<int32_t>(seen.size()); ++begin) {
    for (size_t form = 0; form < context.world.forms.size(); ++form) {
      const auto length = static_cast<int32_t>(context.world.forms[form].slots.size());
      for (int32_t offset = 0; offset < (begin == 0 ? length : 1); ++offset)
        add_readings(form, begin, offset, pieces);
    }
  }
  number_nodes();
}

void SentenceLattice::add_readings(size_t index, int32_t begin, int32_t offset,
                                   const std::vector<SentencePiece>* pieces) {
  const SentenceForm& form = context_.world.forms[index];
  const auto length = static_cast<int32_t>(form.slots.size());
  const int32_t end = std::min(static_cast<int32_t>(seen_.size()), begin + length - offset);
  double prior = form.percent / 100.0;
  if (pieces != nullptr) {
    const bool told = std::any_of(pieces->begin(), pieces->end(), [&](const SentencePiece& piece) {
      return piece.begin == begin && piece.end == end && piece.offset == offset &&
             piece.full_length == length;
    });
    if (!told) return;
  } else {
    if (offset > 0) prior *= cut_prior;
    if (end - begin < length - offset) prior *= cut_prior;
  }
  if (agrees(form, begin, offset, end)) readings_.push_back(read(form, begin, offset, end, prior));
}

// Exact pruning: a reading that needs more replaced words than there were weighs nothing.
bool SentenceLattice::agrees(const SentenceForm& form, int32_t begin, int32_t offset, int32_t end) const {
  int32_t replaced = 0;
  for (int32_t i = begin; i < end; ++i) {
    const Observation& seen = seen_[static_cast<size_t>(i)];
    if (seen.kind == Observation::Kind::hidden) continue;
    if (may_hold(context_.world, form.slots[static_cast<size_t>(i - begin + offset)], seen.word)) continue;
    if (seen.kind == Observation::Kind::certain || ++replaced > context_.degree) return false;
  }
  return true;
}

Reading SentenceLattice::read(const SentenceForm& form, int32_t begin, int32_t offset, int32_t end,
                              double prior) const {
  const SampleWorld& world = context_.world;
  const auto words = static_cast<size_t>(end - begin);
  const SentenceView view(context_, std::span(form.slots).subspan(static_cast<size_t>(offset), words),
                          seen_.subspan(static_cast<size_t>(begin), words));
  Series base = view.independent();
  base.scale(prior);
  const Series anything = base * view.bought(-1);
  Reading reading{.begin = begin, .end = end, .place = {}, .restricted = {}, .people = {}};
  for (const Place& place : world.places) reading.place.push_back(anything * view.at_place(place));
  if (world.never.place >= 0) {
    reading.restricted = base * view.bought(world.never.thing) *
                         view.at_place(world.places[static_cast<size_t>(world.never.place)]);
  }
  for (size_t one = 0; one < world.people.size(); ++one) {
    for (size_t other = 0; other < world.people.size(); ++other) {
      if (other != one) reading.people.push_back(view.people(world.people[one], world.people[other]));
    }
  }
  return reading;
}

Series SentenceLattice::sum_of_paths(int32_t place, const DocumentLatent* latent,
                                     std::vector<Series>& reached) const {
  const Series zero(context_.degree);
  reached.assign(reached.size(), zero);
  reached[0] = Series(context_.degree, 1);
  for (const Reading& reading : readings_) {
    const Series& before = reached[static_cast<size_t>(reading.begin)];
    if (before.is_zero()) continue;
    const bool restricted = latent != nullptr && latent->restricted;
    const Series& here = restricted ? reading.restricted : reading.place[static_cast<size_t>(place)];
    if (here.is_zero()) continue;
    Series& after = reached[static_cast<size_t>(reading.end)];
    if (latent == nullptr) {
      after.add_product(before, here);
    } else {
      after.add_product(before * reading.people[static_cast<size_t>(latent->pair)], here);
    }
  }
  return reached.back();
}

std::vector<WeightedLatent> SentenceLattice::weights() const {
  std::vector<WeightedLatent> weights;
  std::vector<Series> reached(static_cast<size_t>(nodes_));
  int32_t place = -1;
  bool possible = false;
  for (size_t i = 0; i < context_.latents.size(); ++i) {
    const DocumentLatent& latent = context_.latents[i];
    if (latent.place !=
        place) {  // latents come place by place; most places explain nothing whoever the people are
      place = latent.place;
      possible = !sum_of_paths(place, nullptr, reached).is_zero();
    }
    if (!possible) continue;
    const Series weight = sum_of_paths(place, &latent, reached);
    if (!weight.is_zero()) weights.push_back({static_cast<int32_t>(i), weight});
  }
  return weights;
}

// Positions become consecutive nodes: only where a reading begins or ends, so that paths are cheap to sum.
void SentenceLattice::number_nodes() {
  std::vector<int32_t> positions = {0, static_cast<int32_t>(seen_.size())};
  for (const Reading& reading : readings_) positions.insert(positions.end(), {reading.begin, reading.end});
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  const auto node = [&](int32_t position) {
    return static_cast<int32_t>(std::lower_bound(positions.begin(), positions.end(), position) -
                                positions.begin());
  };
  for (Reading& reading : readings_) reading.begin = node(reading.begin), reading.end = node(reading.end);
  nodes_ = static_cast<int32_t>(positions.size());
}

}  // namespace cloze
