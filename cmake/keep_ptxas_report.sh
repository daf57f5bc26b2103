#!/usr/bin/env bash
# Runs a compiler and keeps what ptxas says of registers and spills (-Xptxas -v) in OBJECT.ptxas, beside the object.
# Anything else it says is shown. Usage: keep_ptxas_report.sh nvcc ARGUMENTS... -o OBJECT ...
set -uo pipefail
object=""
for ((i = 1; i < $#; ++i)); do
  [[ "${!i}" == -o ]] && { next=$((i + 1)); object="${!next}"; }
done
[[ -n "$object" ]] || exec "$@"

report="$object.ptxas"
status=0
"$@" 2>"$report" || status=$?
grep -v -e '^ptxas info' -e '^[[:space:]]*[0-9]* bytes stack frame' -e '^[[:space:]]*$' "$report" >&2 || true
exit "$status"
