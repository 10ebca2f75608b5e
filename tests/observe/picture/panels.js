// One function for each type of panel; each fills `place` with what the panel's queries brought.
"use strict";

const PALETTE = ["#73BF69", "#F2CC0C", "#8AB8FF", "#FF780A", "#F2495C", "#5794F2", "#B877D9", "#96D98D", "#FFB357", "#CA95E5",
  "#3274D9", "#E0B400", "#37872D", "#C4162A", "#8F3BB8"];

function legend(pattern, labels) {
  return pattern.replace(/\{\{(\w+)\}\}/g, (_, name) => labels[name] ?? "");
}

function colourOf(panel, name, at) {
  const own = panel.fieldConfig.overrides.find((one) => one.matcher.options === name);
  const property = own && own.properties.find((one) => one.id === "color");
  if (property) return property.value.fixedColor;
  const fixed = panel.fieldConfig.defaults.color;
  return fixed && fixed.fixedColor ? fixed.fixedColor : PALETTE[at % PALETTE.length];
}

function threshold(steps, value) {
  let colour = steps[0].color;
  for (const step of steps) if (step.value !== null && value >= step.value) colour = step.color;
  return colour === "text" ? "#ccccdc" : colour;
}

function named(panel) {
  return panel.frames.flatMap((frame) => frame.series.map((one) => ({ ...one, name: legend(frame.legend, one.labels) })));
}

function last(values) {
  for (let at = values.length - 1; at >= 0; at -= 1) if (values[at][1] !== null) return values[at][1];
  return null;
}

function nothing(place) {
  place.insertAdjacentHTML("beforeend", '<div class="none">No data</div>');
}

function grid(series) {
  const times = [...new Set(series.flatMap((one) => one.values.map(([at]) => at)))].sort((a, b) => a - b);
  const rows = series.map((one) => { const map = new Map(one.values); return times.map((at) => map.get(at) ?? null); });
  return [times, rows];
}

function timeseries(panel, place) {
  const series = named(panel);
  if (!series.length) return nothing(place);
  const { unit, max, thresholds } = panel.fieldConfig.defaults;
  const custom = panel.fieldConfig.defaults.custom;
  const [times, rows] = grid(series);
  const stacked = custom.stacking.mode === "normal";
  const drawn = rows.map((row) => [...row]);
  if (stacked) for (let at = 1; at < drawn.length; at += 1) drawn[at] = drawn[at].map((value, x) => (value ?? 0) + (drawn[at - 1][x] ?? 0));
  const colours = series.map((one, at) => colourOf(panel, one.name, at));
  const alpha = Math.round(custom.fillOpacity * 2.55).toString(16).padStart(2, "0");
  const most = (row) => Math.max(...row.filter((value) => value !== null), 0);
  const limits = custom.thresholdsStyle.mode === "off" ? [] : thresholds.steps.filter((step) => step.value !== null);
  const box = document.createElement("div");
  place.append(box);
  const axis = { stroke: "#9fa3ab", grid: { stroke: "#2a2d34", width: 1 }, ticks: { show: false }, font: "11px DejaVu Sans" };
  new uPlot({
    width: place.clientWidth - 8, height: place.clientHeight - 66, legend: { show: false }, cursor: { show: false },
    padding: [6, 10, 0, 0],
    scales: { x: { time: true, range: [data.start, data.end] },
      y: { range: (_, low, high) => [Math.min(0, low || 0), max ?? (high > 0 ? high * 1.08 : 1)] } },
    axes: [{ ...axis, values: "{HH}:{mm}:{ss}", space: 90, size: 28 }, { ...axis, size: 68, values: (_, ticks) => ticks.map((tick) => format(tick, unit)) }],
    series: [{}, ...series.map((one, at) => ({ stroke: stacked && most(rows[at]) === 0 ? "transparent" : colours[at], width: 1.5, points: { show: false },
      fill: stacked && at > 0 ? undefined : colours[at] + alpha }))],
    bands: stacked ? series.map((_, at) => ({ series: [at + 1, at], fill: colours[at] + alpha })).slice(1) : undefined,
    hooks: { draw: [(plot) => {
      for (const step of limits) {
        const y = plot.valToPos(step.value, "y", true);
        if (y < plot.bbox.top) continue;
        plot.ctx.strokeStyle = step.color; plot.ctx.setLineDash([6, 5]); plot.ctx.beginPath();
        plot.ctx.moveTo(plot.bbox.left, y); plot.ctx.lineTo(plot.bbox.left + plot.bbox.width, y); plot.ctx.stroke(); plot.ctx.setLineDash([]);
      }
    }] },
  }, [times, ...drawn], box);
  const order = series.map((_, at) => at).filter((at) => most(rows[at]) > 0);
  const shown = order.length ? order : series.map((_, at) => at);
  place.insertAdjacentHTML("beforeend", `<div class="legend">${shown.map((at) => `<span><i style="background:${colours[at]}"></i>${series[at].name}
    <small>last ${format(last(series[at].values), unit)}, max ${format(most(rows[at]), unit)}</small></span>`).join("")}</div>`);
}

function stat(panel, place) {
  const series = named(panel);
  const { unit, thresholds, decimals } = panel.fieldConfig.defaults;
  const value = series.length ? last(series[0].values) : null;
  if (value === null) return nothing(place);
  const colour = threshold(thresholds.steps, value);
  let graph = "";
  if (panel.options.graphMode === "area" && series[0].values.length > 1) {
    const points = series[0].values.filter(([, one]) => one !== null);
    const high = Math.max(...points.map(([, one]) => one), 1e-9);
    const path = points.map(([at, one]) => `${(100 * (at - data.start)) / (data.end - data.start)},${30 - (27 * one) / high}`).join(" ");
    const [from, to] = [points[0], points[points.length - 1]].map(([at]) => (100 * (at - data.start)) / (data.end - data.start));
    graph = `<svg viewBox="0 0 100 30" preserveAspectRatio="none"><polygon points="${from},30 ${path} ${to},30" fill="${colour}" opacity=".18"/>
      <polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1" vector-effect="non-scaling-stroke"/></svg>`;
  }
  place.insertAdjacentHTML("beforeend", `<div class="figure" style="color:${colour}">${graph}<span>${format(value, unit, decimals)}</span></div>`);
}

function bargauge(panel, place) {
  const rows = named(panel).map((one) => [one.name, last(one.values)]).filter(([, value]) => value !== null).sort((a, b) => b[1] - a[1]);
  if (!rows.length) return nothing(place);
  const high = rows[0][1];
  const unit = panel.fieldConfig.defaults.unit;
  place.insertAdjacentHTML("beforeend", `<div class="bars">${rows.map(([name, value]) => `<span>${name}</span>
    <div><b style="width:${(100 * value) / high}%;background:${colourOf(panel, name, 0)}"></b></div><small>${format(value, unit)}</small>`).join("")}</div>`);
}

function heatmap(panel, place) {
  const series = panel.frames[0].series.map((one) => ({ ...one, le: one.labels.le === "+Inf" ? Infinity : Number(one.labels.le) })).sort((a, b) => a.le - b.le);
  if (!series.length) return nothing(place);
  const [times, sums] = grid(series);
  const rows = sums.map((row, at) => row.map((value, x) => Math.max(0, (value ?? 0) - (at ? sums[at - 1][x] ?? 0 : 0))));
  const finite = series.map((one) => one.le).filter(Number.isFinite);
  const used = rows.map((row, at) => (row.some((value) => value > 0) ? at : -1)).filter((at) => at >= 0);
  const [from, to] = used.length ? [Math.max(0, used[0] - 1), used[used.length - 1] + 1] : [0, rows.length - 1];
  const canvas = document.createElement("canvas");
  canvas.width = place.clientWidth - 16; canvas.height = place.clientHeight - 40; canvas.style = "margin:2px 8px";
  place.append(canvas);
  const pen = canvas.getContext("2d");
  const [left, bottom, top] = [66, canvas.height - 22, 8];
  const high = Math.max(...rows.flat(), 1e-9);
  const step = (canvas.width - left) / (data.end - data.start);
  const tall = (bottom - top) / (to - from + 1);
  const wide = ((times[1] ?? times[0] + 1) - times[0]) * step;
  pen.font = "11px DejaVu Sans"; pen.textAlign = "right";
  for (let at = from; at <= to; at += 1) {
    const y = bottom - (at - from + 1) * tall;
    if (tall > 14 || (at - from) % 2 === 0) {
      pen.fillStyle = "#9fa3ab";
      pen.fillText(Number.isFinite(series[at]?.le) ? format(series[at].le, "s") : `> ${format(finite[finite.length - 1], "s")}`, left - 8, y + 4);
    }
    (rows[at] ?? []).forEach((value, x) => {
      if (value <= 0) return;
      const part = Math.sqrt(value / high);
      pen.fillStyle = `hsl(${42 - 28 * part}, 95%, ${20 + 42 * part}%)`;
      pen.fillRect(left + (times[x] - data.start) * step, y + 0.5, Math.max(wide - 0.5, 1), tall - 1);
    });
  }
  pen.fillStyle = "#9fa3ab"; pen.textAlign = "center";
  for (let part = 0.1; part < 1; part += 0.2) {
    const at = data.start + part * (data.end - data.start);
    pen.fillText(new Date(at * 1000).toTimeString().slice(0, 8), left + (at - data.start) * step, canvas.height - 6);
  }
}

function table(panel, place) {
  const { indexByName, renameByName } = panel.transformations.find((one) => one.id === "organize").options;
  const fields = Object.keys(indexByName).sort((a, b) => indexByName[a] - indexByName[b]);
  const labels = fields.filter((name) => !name.startsWith("Value"));
  const rows = [];
  for (const frame of panel.frames) for (const one of frame.series) {
    // As "merge" does: rows that agree in the labels that both have are one.
    const fits = rows.filter((row) => labels.every((name) => row[name] === undefined || one.labels[name] === undefined || row[name] === one.labels[name]));
    const mine = fits.length ? fits : [rows[rows.push({}) - 1]];
    for (const row of mine) { labels.forEach((name) => { row[name] ??= one.labels[name]; }); row[`Value #${frame.ref}`] = last(one.values); }
  }
  if (!rows.length) return nothing(place);
  rows.sort((a, b) => String(a[labels[0]]).localeCompare(String(b[labels[0]])));
  const property = (heading, id) => panel.fieldConfig.overrides.find((one) => one.matcher.options === heading)?.properties.find((one) => one.id === id)?.value;
  const cell = (row, name) => {
    const heading = renameByName[name];
    if (!name.startsWith("Value")) return `<td>${row[name] ?? ""}</td>`;
    const steps = property(heading, "thresholds")?.steps;
    const colour = steps && row[name] !== undefined ? threshold(steps, row[name]) : "#ccccdc";
    return `<td style="color:${colour}">${format(row[name], property(heading, "unit") ?? "short")}</td>`;
  };
  place.insertAdjacentHTML("beforeend", `<table><tr>${fields.map((name) => `<th>${renameByName[name]}</th>`).join("")}</tr>
    ${rows.map((row) => `<tr>${fields.map((name) => cell(row, name)).join("")}</tr>`).join("")}</table>`);
}
