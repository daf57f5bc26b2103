# shellcheck shell=bash disable=SC2034,SC2154  # variables of gpu_run.sh, and for it
# Of gpu_run.sh: runs with limits, what is said of them, and the end, whatever it is. What was measured so far is always in the report.

readonly for_the_report=20 # seconds kept from the budget
readonly least=8           # seconds that a run gets, or none at all

begin_runs() { # SECONDS
  deadline=$((SECONDS + $1 - for_the_report)) part_deadline=$deadline
  status="$raw/status.tsv" log="$out/log.txt"
  : >"$status"
  : >"$log"
  trap 'end_runs 143' TERM
  trap 'end_runs 130' INT
  trap 'end_runs $?' EXIT
  # Clocks and power, that a figure of a hot or a shared GPU is seen as one.
  if command -v nvidia-smi >/dev/null; then
    timeout -k 5 "$1" nvidia-smi --query-gpu=timestamp,clocks.sm,clocks.mem,power.draw,temperature.gpu \
      --format=csv,noheader,nounits -l 2 >"$raw/samples.csv" 2>/dev/null &
    echo $! >>"$raw/children"
  fi
  python3 "$report" --raw "$raw" --out "$out" --every 5 >/dev/null 2>"$raw/report.err" &
  reporter=$!
}

end_runs() { # EXIT-CODE
  local code="$1" child
  trap - TERM INT EXIT
  if [[ -f "$raw/children" ]]; then
    while read -r child; do kill "$child" 2>/dev/null || true; done <"$raw/children"
  fi
  kill "$reporter" 2>/dev/null || true
  wait || true
  ((code == 0 || code == 1)) || note "gpu_run.sh" "stopped ($code)"
  tar -C "$raw" --exclude=./cache --exclude=./bin --exclude='*.ncu-rep' -czf "$out/raw.tar.gz" . || true
  python3 "$report" --raw "$raw" --out "$out" --last || code=1
  if grep -qE $'\t(failed|out of time|left out: no time|stopped)' "$status"; then ((code != 0)) || code=1; fi
  rm -rf "$raw"
  exit "$code"
}

note() { # NAME VERDICT [BEGAN]
  printf '%s\t%s\t%s\t%s\n' "$1" "$2" "${3:-$(date +%s)}" "$(date +%s)" >>"$status"
}

# begin_part SECONDS: none of the part's runs goes on for longer; a part that is alone has all the time.
begin_part() {
  part_deadline=$((SECONDS + $1))
  ((part_deadline < deadline && ${#parts[@]} > 1)) || part_deadline=$deadline
}

left_of_part() { echo $((part_deadline > SECONDS ? part_deadline - SECONDS : 0)); }

# What the machine, not the code, denies.
impossible_here='ERR_NVGPUCTRPERM|LibraryNotLoaded|Device not supported|No supported devices|no NVIDIA driver|no GPU to (measure|test|compute)'
impossible_here+='|nothing to compare with|Duplicate GPU detected'

verdict_of() { # CODE NAME
  local reason
  case "$1" in
    0) echo passed; return ;;
    124 | 137) echo "out of time"; return ;;
    130 | 143) echo stopped; return ;;
  esac
  reason="$(cat "$raw/$2.out" "$raw/$2.err" | grep -oEm1 "$impossible_here" | head -n 1 || true)"
  if [[ -n "$reason" ]]; then
    echo "cannot be done here ($reason)"
  elif (($1 == 77)); then
    echo "cannot be done here"
  else
    echo "failed ($1)"
  fi
}

# run NAME SECONDS COMMAND...: what it prints goes to the raw files and the log; lines of JSON of it into the report.
run() {
  local name="$1" limit="$2" began code=0 verdict
  shift 2
  ((SECONDS + limit < part_deadline)) || limit=$((part_deadline - SECONDS))
  if ((limit < least)); then
    note "$name" "left out: no time"
    return 0
  fi
  began="$(date +%s)"
  note "$name" began "$began"
  timeout -k 5 "$limit" "$@" >"$raw/$name.out" 2>"$raw/$name.err" </dev/null &
  echo $! >>"$raw/children"
  wait $! || code=$?
  verdict="$(verdict_of "$code" "$name")"
  note "$name" "$verdict" "$began"
  {
    printf '== %s: %s\n' "$name" "$verdict"
    tail -qc 100000 "$raw/$name.out" "$raw/$name.err"
  } >>"$log"
  echo "== $name: $verdict, $(($(date +%s) - began)) s"
  [[ "$verdict" != failed* ]] || tail -n 3 "$raw/$name.err"
}

# tool NAME: 0 where it can be found.
tool() {
  command -v "$1" >/dev/null && return
  note "$1" "cannot be done here (not installed)"
  return 1
}

# side_by_side COMMAND...: a function in the background, four at most at a time. Call it with no command at the end: waits for all.
background=()
side_by_side() {
  local most=$(($# > 0 ? 3 : 0)) child going_on
  while ((${#background[@]} > most)); do
    wait -n "${background[@]}" || true
    going_on=()
    for child in "${background[@]}"; do if kill -0 "$child" 2>/dev/null; then going_on+=("$child"); fi; done
    background=("${going_on[@]}")
  done
  (($# == 0)) && return
  "$@" &
  background+=($!)
}
