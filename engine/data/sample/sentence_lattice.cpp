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
      if (slots_[i].kind == SlotKind::look) multiply(product, i, share(place.looks, seen_[i].word));
    }
    return product;
  }

  // Summed over the place's things and their containers; `without` (if not negative) is a thing that cannot
  // be named.
  Series bought(const Place& place, int32_t without) const {
    Series sum(context_.degree);
    const auto possible = place.things.size() -
                          static_cast<size_t>(std::count(place.things.begin(), place.things.end(), without));
    for (const int32_t index : place.things) {
      if (index == without) continue;
      const Thing& thing = context_.world.things[static_cast<size_t>(index)];
      Series product(context_.degree, 1.0 / static_cast<double>(possible));
      for (size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].kind == SlotKind::thing) multiply(product, i, seen_[i].word == thing.word ? 1 : 0);
        if (slots_[i].kind == SlotKind::container)
          multiply(product, i, container_chance(thing, seen_[i].word));
      }
      sum.add(product);
    }
    return sum;
  }

  Series of_person(const Person& person) const {
    Series product(context_.degree, 1);
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].kind == SlotKind::person) multiply(product, i, seen_[i].word == person.word ? 1 : 0);
      if (slots_[i].kind == SlotKind::belonging)
        multiply(product, i, share(person.belongings, seen_[i].word));
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

template <typename Items, typename Holds>
bool any(const Items& items, Holds holds) {
  return std::any_of(items.begin(), items.end(), holds);
}

// Whether a slot could ever hold `word`: a cheap necessary condition.
bool may_hold(const SampleWorld& world, const Slot& slot, WordId word) {
  switch (slot.kind) {
    case SlotKind::literal:
      return slot.index == word;
    case SlotKind::choice:
      return share(world.choices[static_cast<size_t>(slot.index)], word) > 0;
    case SlotKind::person:
      return any(world.people, [&](const Person& person) { return person.word == word; });
    case SlotKind::belonging:
      return any(world.people, [&](const Person& person) { return share(person.belongings, word) > 0; });
    case SlotKind::place:
      return any(world.places, [&](const Place& place) { return place.word == word; });
    case SlotKind::sight:
      return any(world.places, [&](const Place& place) { return share(place.sights, word) > 0; });
    case SlotKind::look:
      return any(world.places, [&](const Place& place) { return share(place.looks, word) > 0; });
    case SlotKind::thing:
      return any(world.things, [&](const Thing& thing) { return thing.word == word; });
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
  for (int32_t place = 0; place < static_cast<int32_t>(world.places.size()); ++place) {
    for (int32_t person = 0; person < static_cast<int32_t>(world.people.size()); ++person) {
      latents.push_back({place, person, is_restricted(world, place, person)});
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
  Reading reading{.begin = begin, .end = end, .place = {}, .restricted = {}, .person = {}};
  const auto at = [&](const Place& place, int32_t without) {
    return base * view.at_place(place) * view.bought(place, without);
  };
  for (const Place& place : world.places) reading.place.push_back(at(place, -1));
  if (world.never.place >= 0) {
    reading.restricted = at(world.places[static_cast<size_t>(world.never.place)], world.never.thing);
  }
  for (const Person& person : world.people) reading.person.push_back(view.of_person(person));
  return reading;
}

Series SentenceLattice::sum_of_paths(const DocumentLatent& latent, std::vector<Series>& reached) const {
  reached.assign(reached.size(), Series(context_.degree));
  reached[0] = Series(context_.degree, 1);
  for (const Reading& reading : readings_) {
    const Series& before = reached[static_cast<size_t>(reading.begin)];
    const Series& place =
        latent.restricted ? reading.restricted : reading.place[static_cast<size_t>(latent.place)];
    if (before.is_zero() || place.is_zero()) continue;
    const Series& person = reading.person[static_cast<size_t>(latent.person)];
    reached[static_cast<size_t>(reading.end)].add_product(before * person, place);
  }
  return reached.back();
}

std::vector<WeightedLatent> SentenceLattice::weights() const {
  std::vector<WeightedLatent> weights;
  std::vector<Series> reached(static_cast<size_t>(nodes_));
  for (size_t i = 0; i < context_.latents.size(); ++i) {
    const Series weight = sum_of_paths(context_.latents[i], reached);
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
