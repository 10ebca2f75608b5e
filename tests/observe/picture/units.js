// Grafana's units, as far as the dashboards use them.
"use strict";

function scaled(value, steps, base) {
  let at = 0;
  while (at + 1 < steps.length && Math.abs(value) >= base) { value /= base; at += 1; }
  return [value, steps[at]];
}

function digits(value, decimals) {
  if (decimals !== undefined) return value.toFixed(decimals);
  const size = Math.abs(value);
  return String(+value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3));
}

function seconds(value, decimals) {
  const size = Math.abs(value);
  const steps = [[86400, " days"], [3600, " h"], [60, " min"], [1, " s"], [1e-3, " ms"], [1e-6, " µs"]];
  const [unit, name] = steps.find(([unit]) => size >= unit) || [1, " s"];
  return digits(value / unit, decimals) + name;
}

function format(value, unit, decimals) {
  if (value === null || value === undefined) return "–";
  if (unit === "s") return seconds(value, decimals);
  if (unit === "percentunit") return digits(value * 100, decimals) + " %";
  if (unit === "bool_yes_no") return value ? "Yes" : "No";
  if (unit === "bytes" || unit === "Bps") {
    const [number, name] = scaled(value, unit === "bytes" ? [" B", " KiB", " MiB", " GiB"] : [" B/s", " kB/s", " MB/s", " GB/s"],
      unit === "bytes" ? 1024 : 1000);
    return digits(number, decimals) + name;
  }
  const [number, name] = scaled(value, ["", " K", " Mil", " Bil"], 1000);
  return digits(number, decimals) + name + (unit.startsWith("suffix:") ? " " + unit.slice(7) : "");
}
