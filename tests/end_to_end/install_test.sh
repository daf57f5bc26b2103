#!/usr/bin/env bash
# Installs the build into an empty folder, builds a program of somebody else's against it and runs both.
# Usage: install_test.sh BUILD_FOLDER SOURCE_FOLDER
set -euo pipefail
build="$1" source="$2"
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT

cmake --install "$build" --prefix "$place/prefix" > "$place/install.log" || { cat "$place/install.log" >&2; exit 1; }
cmake -S "$source/tests/end_to_end/installed" -B "$place/user" -DCMAKE_PREFIX_PATH="$place/prefix" > /dev/null
cmake --build "$place/user" > /dev/null

cloze="$place/prefix/bin/cloze"
"$cloze" --version
printf 'the cat sat on the mat .\nthe dog sat on the log .\n\na bird sang in a tree .\nthe tree stood by a river .\n' > "$place/text.txt"
"$cloze" vocab --input "$place/text.txt" --size 60 --output "$place/vocab.txt"
"$cloze" prepare --input "$place/text.txt" --vocab "$place/vocab.txt" --output "$place/corpus"
cat > "$place/config.yaml" <<'YAML'
output: unused
data: {train: corpus, max_sequence_length: 24, max_predictions: 4}
model: {layers: 1, hidden_size: 16, heads: 2, intermediate_size: 32, max_positions: 32}
batch: {sequences: 4}
training: {steps: 3}
YAML
answer="$("$place/user/user" "$place/config.yaml" "$place/run" 'the [MASK] sat on the mat .')"
echo "$answer"
[[ "$(grep -c . <<< "$answer")" == 4 ]] || { echo "install_test: three guesses and an error were expected" >&2; exit 1; }
[[ "$answer" == *error:* ]] || { echo "install_test: the error did not come" >&2; exit 1; }
