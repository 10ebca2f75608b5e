// Puts every panel at its place in the grid.
"use strict";

const draw = { timeseries, stat, bargauge, heatmap, table };
const column = (data.width - 16) / 24;

document.body.insertAdjacentHTML("afterbegin", `<header><b>${data.title}</b>
  ${data.variables.map((one) => `<span>${one.name}: ${one.value}</span>`).join("")}
  <span class="right">${data.links.map((link) => `<i>${link}</i>`).join(" · ")}</span></header>`);
for (const panel of data.panels) {
  const { x, y, w, h } = panel.gridPos;
  const place = document.createElement("div");
  place.className = panel.type === "row" ? "line" : "panel";
  place.style = `left:${8 + x * column}px;top:${data.head + y * data.row}px;width:${w * column - 6}px;height:${h * data.row - 6}px`;
  document.body.append(place);
  if (panel.type === "row") {
    place.textContent = "▾ " + panel.title;
  } else {
    place.insertAdjacentHTML("beforeend", `<h2></h2>`);
    place.firstChild.textContent = panel.title;
    draw[panel.type](panel, place);
  }
}
