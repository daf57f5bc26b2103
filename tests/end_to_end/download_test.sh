#!/usr/bin/env bash
# launch/download.sh against a server of this machine: resumed, restarted, refused, and offline.
# Usage: download_test.sh SOURCE_FOLDER
set -euo pipefail
source="$1"
for program in python3 curl unzip; do
  command -v "$program" > /dev/null || { echo "download_test: no $program here: skipped"; exit 77; }
done
place="$(mktemp -d)"
server=""
finish() {
  [[ -z "$server" ]] || kill "$server" 2> /dev/null || true
  rm -rf "$place"
}
trap finish EXIT

wrong() {
  echo "download_test: $1" >&2
  [[ ! -e "$place/log" ]] || cat "$place/log" >&2
  exit 1
}
serve() {  # flags of serve_files.py
  [[ -z "$server" ]] || kill "$server"
  rm -f "$place/port"
  python3 "$source/tests/end_to_end/serve_files.py" "$place/served" "$@" > "$place/port" &
  server=$!
  for ((i = 0; i < 100; i++)); do
    [[ ! -s "$place/port" ]] || break
    sleep 0.1
  done
  url="http://127.0.0.1:$(cat "$place/port")"
}
download() { "$source/launch/download.sh" "$@" > "$place/log" 2>&1; }
says() { grep -q -- "$1" "$place/log" || wrong "this was not said: $1"; }

# Archives of the right form: as many rows as CoLA has, a model whose vocabulary has the size it states.
mkdir "$place/served"
python3 - "$place/served" << 'PYTHON'
import sys
import zipfile

folder = sys.argv[1]
with zipfile.ZipFile(f"{folder}/CoLA.zip", "w") as archive:
    for name, rows in (("train", 8551), ("dev", 1043), ("test", 1064)):
        archive.writestr(f"CoLA/{name}.tsv", "".join(f"gj04\t1\t\tSentence {i}.\n" for i in range(rows)))
with zipfile.ZipFile(f"{folder}/RTE.zip", "w") as archive:
    for name in ("train", "dev", "test"):
        archive.writestr(f"RTE/{name}.tsv", "index\n0\n")
with zipfile.ZipFile(f"{folder}/uncased_L-2_H-128_A-2.zip", "w") as archive:
    archive.writestr("bert_config.json", '{"hidden_size": 128, "vocab_size": 5}')
    archive.writestr("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n")
    archive.writestr("bert_model.ckpt.index", "index")
    archive.writestr("bert_model.ckpt.data-00000-of-00001", "data")
with open(f"{folder}/train-v1.1.json", "w") as file:
    file.write('{"data": []}')
with open(f"{folder}/STS-B.zip", "w") as file:
    file.write("no archive")
PYTHON

# Broken off, and gone on with.
serve --ranges --cut 100000
download glue cola --to "$place/glue" --url "$url" && wrong "half a file was taken for a whole one"
says 'goes on where it stopped'
[[ ! -e "$place/glue/CoLA" && "$(stat -c %s "$place/glue/CoLA.zip.partial")" == 100000 ]] || wrong "no part was kept"
download glue cola --to "$place/glue" --url "$url" || wrong "the download did not go on"
[[ "$(wc -l < "$place/glue/CoLA/train.tsv")" == 8551 ]] || wrong "rows are missing"
[[ "$(ls "$place/glue")" == CoLA ]] || wrong "something was left beside the task"
download glue cola --to "$place/glue" --url "$url" || wrong "a second call failed"
says 'there already'

# A server without ranges: from the beginning.
serve --cut 1000
download glue cola --to "$place/again" --url "$url" && wrong "half a file was taken for a whole one"
download glue cola --to "$place/again" --url "$url" || wrong "the download did not begin again"
says 'from the beginning'
cmp "$place/glue/CoLA/train.tsv" "$place/again/CoLA/train.tsv"

# A part that was whole already.
serve --ranges
mkdir "$place/whole"
cp "$place/served/CoLA.zip" "$place/whole/CoLA.zip.partial"
download glue cola --to "$place/whole" --url "$url" || wrong "a whole part was not taken"

# What is not as it should be gets no name.
refused() {  # what is said, call...
  local said="$1"
  shift
  if download "$@" --to "$place/refused" --url "$url"; then wrong "accepted: $*"; fi
  says "$said"
}
refused 'not what it should be' squad
refused 'not what it should be' glue sts-b
refused '2 lines, 278 were expected\|2 lines, 2491 were expected' glue rte
refused 'HTTP 404' glue wnli
refused 'no task colas' glue colas
[[ ! -e "$place/refused/train-v1.1.json" && ! -e "$place/refused/RTE" ]] || wrong "a wrong file has a name"

download bert uncased_L-2_H-128_A-2 --to "$place/models/tiny" --url "$url" || wrong "the model was not unpacked"
[[ -s "$place/models/tiny/vocab.txt" && "$(ls "$place/models")" == tiny ]] || wrong "the model is not whole"
if download bert bert-base-uncased --to "$place/models/base" --url http://127.0.0.1:1; then wrong "who answered?"; fi
says 'this machine is offline, or behind a proxy'
if download; then wrong "a call without arguments went through"; fi
says 'Usage: launch/download.sh'
echo "download_test: all as it should be"
