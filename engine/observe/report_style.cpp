#include "engine/observe/report_style.h"

namespace cloze {

// Eight colours that differ in lightness too, and keep their contrast on either ground.
std::string_view report_style() {
  return R"(:root { color-scheme: light dark; --paper: #fbfbfa; --card: #ffffff; --ink: #1c2127; --quiet: #5b6570;
  --line: #dfe3e8; --grid: #e8ebef; --level: #5b6570; --good: #1a7f37; --c0: #0b63ce; --c1: #c4450c; --c2: #1a7f4b;
  --c3: #8437b5; --c4: #a8770a; --c5: #0e7c86; --c6: #c2255c; --c7: #4c5560; }
@media (prefers-color-scheme: dark) { :root { --paper: #111417; --card: #191d22; --ink: #e4e8ec; --quiet: #98a3ae;
  --line: #2d343c; --grid: #262c33; --level: #98a3ae; --good: #56d27f; --c0: #62a8ff; --c1: #ff9457; --c2: #52cf8b;
  --c3: #c990f5; --c4: #e5b94e; --c5: #4fc7d1; --c6: #ff7fa6; --c7: #aeb8c2; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 1.2rem 1rem 3rem; }
h1 { font-size: 1.5rem; margin: 0.2rem 0 0.1rem; } h2 { font-size: 1.15rem; margin: 2rem 0 0.6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 0.4rem; } p { margin: 0.4rem 0; } .quiet { color: var(--quiet); }
.wide { overflow-x: auto; } .name { overflow-wrap: anywhere; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.3rem 0.9rem 0.3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--quiet); } td.number, th.number { text-align: right; } td.number { white-space: nowrap; }
.runs th { vertical-align: bottom; font-size: 0.85rem; line-height: 1.25; } .runs td:first-child { min-width: 9rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: 0.9rem; }
figure, .card { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 0.7rem 0.8rem 0.6rem; min-width: 0; }
figcaption { font-weight: 600; font-size: 0.95rem; margin-bottom: 0.2rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--quiet); font: 12.5px system-ui, sans-serif; paint-order: stroke; stroke: var(--card);
  stroke-width: 3px; stroke-linejoin: round; }
.grid { stroke: var(--grid); } .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.line.marked { stroke-dasharray: 4 3; stroke-width: 1.2; } .band { stroke: none; opacity: 0.16; }
.level { stroke: var(--level); stroke-width: 1.2; stroke-dasharray: 7 4; }
.legend { list-style: none; margin: 0.3rem 0 0; padding: 0; font-size: 0.84rem; color: var(--quiet);
  overflow-wrap: anywhere; }
.legend li { padding-left: 1.7rem; text-indent: -1.7rem; }
.key { display: inline-block; width: 1.2rem; margin-right: 0.5rem; border-top: 3px solid; vertical-align: middle; }
.key.marked { border-top-style: dotted; } .key.level { border-top: 2px dashed var(--level); }
.line.c0 { stroke: var(--c0); } .band.c0, .dot.c0 { fill: var(--c0); } .key.c0 { color: var(--c0); }
.line.c1 { stroke: var(--c1); } .band.c1, .dot.c1 { fill: var(--c1); } .key.c1 { color: var(--c1); }
.line.c2 { stroke: var(--c2); } .band.c2, .dot.c2 { fill: var(--c2); } .key.c2 { color: var(--c2); }
.line.c3 { stroke: var(--c3); } .band.c3, .dot.c3 { fill: var(--c3); } .key.c3 { color: var(--c3); }
.line.c4 { stroke: var(--c4); } .band.c4, .dot.c4 { fill: var(--c4); } .key.c4 { color: var(--c4); }
.line.c5 { stroke: var(--c5); } .band.c5, .dot.c5 { fill: var(--c5); } .key.c5 { color: var(--c5); }
.line.c6 { stroke: var(--c6); } .band.c6, .dot.c6 { fill: var(--c6); } .key.c6 { color: var(--c6); }
.line.c7 { stroke: var(--c7); } .band.c7, .dot.c7 { fill: var(--c7); } .key.c7 { color: var(--c7); }
.blank { border-bottom: 2px solid var(--c0); padding: 0 0.4rem; font-weight: 600; }
.guess { white-space: nowrap; margin-right: 0.9rem; } .right { color: var(--good); font-weight: 600; }
.bar { display: inline-block; height: 0.6rem; background: var(--c0); border-radius: 2px; min-width: 2px; }
.memory td:nth-child(3) { width: 14rem; }
details { margin: 0.6rem 0; } summary { cursor: pointer; color: var(--quiet); }
pre { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0.7rem;
  font: 12.5px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
@media print { details { display: none; } }
)";
}

}  // namespace cloze
