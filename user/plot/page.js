/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
 *
 * What moves in the page: the timeline is drawn again for the part of the time that is looked at,
 * all other charts over time follow it, and numbers are shown under the pointer or the cursor of
 * the keyboard. Names are only ever set as text.
 */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  const SVG = "http://www.w3.org/2000/svg";
  const first = BigInt(data.first || 0);
  const span = Math.max(data.span, 1);
  const view = { from: 0, to: span };
  let cursor = null; /* ns, where the charts have their line */

  const make = (name, attributes, text) => {
    const element = document.createElementNS(SVG, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const html = (name, attributes, text) => {
    const element = document.createElement(name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  };

  /* --- numbers as people read them --- */

  const scaled = (value, factor, units) => {
    let i = 0;
    while (i + 1 < units.length && Math.abs(value) >= factor * 0.9995) { value /= factor; i++; }
    return (i ? value.toPrecision(3).replace(/e\+.*/, "") : String(Math.round(value))) + units[i];
  };
  const duration = (ns) => ns >= 999.5e9 ? Math.round(ns / 1e9) + " s" : scaled(ns, 1000, [" ns", " us", " ms", " s"]);
  const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u2009");
  const show = {
    ns: duration,
    bytes: (n) => scaled(n, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]),
    percent: (n) => n.toFixed(1) + " %",
    count: (n) => count(Math.round(n)),
  };

  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
    86400, 172800, 604800, 1209600, 2419200];
  const timeStep = (ns, max) => {
    const least = ns / Math.max(max, 1);
    for (let power = 1; power < 1e9; power *= 10)
      for (const part of [1, 2, 5]) if (power * part >= least) return power * part;
    for (const step of STEPS) if (step * 1e9 >= least) return step * 1e9;
    for (let power = 8.64e15; ; power *= 10)
      for (const part of [1, 2, 5]) if (power * part >= least) return power * part;
  };
  const moment = (offset, step) => {
    const at = first + BigInt(Math.round(offset));
    const seconds = at / 1000000000n;
    const iso = new Date(Number(seconds) * 1000).toISOString();
    if (step >= 86400e9) return iso.slice(0, 10);
    if (step >= 60e9) return iso.slice(11, 16);
    if (step >= 1e9) return iso.slice(11, 19);
    const digits = 9 - Math.floor(Math.log10(Math.max(step, 1)) + 1e-9);
    return iso.slice(11, 19) + "." + String(at % 1000000000n).padStart(9, "0").slice(0, digits);
  };
  const ticks = (from, to, width) => {
    const step = timeStep(to - from, Math.floor(width / 100) + 1);
    const big = BigInt(step);
    let at = first + BigInt(Math.ceil(from));
    at += (big - at % big) % big;
    const found = [];
    for (let i = 0; i < 40; i++, at += big) {
      const offset = Number(at - first);
      if (offset > to) break;
      found.push([offset, moment(offset, step)]);
    }
    return found;
  };
  /* As svg__time_ticks in chart.c: no label covers another. */
  const drawTicks = (group, left, right, top, bottom) => {
    let taken = left - 100;
    group.replaceChildren();
    for (const [offset, label] of ticks(view.from, view.to, right - left)) {
      const x = left + (right - left) * (offset - view.from) / (view.to - view.from);
      const width = 6.3 * label.length;
      const middle = Math.max(Math.min(x, right - width / 2 + 8), left + width / 2 - 8);
      group.append(make("path", { class: "grid", d: `M${x.toFixed(1)} ${top}V${bottom}` }));
      if (middle - width / 2 < taken + 8) continue;
      group.append(make("text", { class: "tick middle", x: middle.toFixed(1), y: bottom + 16 }, label));
      taken = middle + width / 2;
    }
  };

  /* --- what is under the pointer --- */

  const showTip = (lines, x, y) => {
    tip.replaceChildren(...lines.map((line, i) => html(i ? "div" : "strong", {}, line)));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 6)) + "px";
    tip.style.top = (y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 12) : y + 18) + "px";
  };
  const hideTip = () => { tip.hidden = true; setCursor(null); };

  /* --- charts over time --- */

  const charts = [...document.querySelectorAll("svg.chart")].filter((svg) => data.charts[svg.id]).map((svg) => {
    const zoom = svg.querySelector("svg.zoom");
    const number = (name) => Number(zoom.getAttribute(name));
    const place = { left: number("x"), top: number("y"), width: number("width"), height: number("height") };
    const line = make("path", { class: "cursor" });
    svg.append(line);
    return { svg, zoom, line, place, ticks: svg.querySelector(".ticks"), ...data.charts[svg.id] };
  });
  const chartX = (chart, ns) => chart.place.left + chart.place.width * (ns - view.from) / (view.to - view.from);
  const follow = (chart) => {
    const { left, top, width, height } = chart.place;
    const units = 10000;
    chart.zoom.setAttribute("viewBox", `${view.from / span * units} 0 ${(view.to - view.from) / span * units} ${height}`);
    drawTicks(chart.ticks, left, left + width, top, top + height);
  };
  const setCursor = (ns) => {
    cursor = ns;
    for (const chart of charts) {
      const seen = ns !== null && ns >= view.from && ns <= view.to;
      const x = seen ? chartX(chart, ns).toFixed(1) : 0;
      chart.line.setAttribute("d", seen ? `M${x} ${chart.place.top}v${chart.place.height}` : "");
    }
    drawTimelineCursor();
  };
  for (const chart of charts) {
    chart.svg.addEventListener("pointermove", (event) => {
      const box = chart.svg.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * chart.svg.viewBox.baseVal.width;
      const ns = view.from + (x - chart.place.left) / chart.place.width * (view.to - view.from);
      let best = -1;
      for (let i = 0; i < chart.from.length; i++)
        if (best < 0 || Math.abs((chart.from[i] + chart.to[i]) / 2 - ns) < Math.abs((chart.from[best] + chart.to[best]) / 2 - ns)) best = i;
      if (best < 0 || x < chart.place.left) return hideTip();
      setCursor((chart.from[best] + chart.to[best]) / 2);
      const lines = [`${moment(chart.from[best], 1e6)} to ${moment(chart.to[best], 1e6)}`];
      for (const series of chart.series) {
        const value = series.values[best];
        if (value !== null) lines.push((series.name ? series.name + ": " : "") + show[chart.unit](value));
      }
      showTip(lines, event.clientX, event.clientY);
    });
    chart.svg.addEventListener("pointerleave", hideTip);
  }

  /* --- the timeline --- */

  const timeline = document.getElementById("timeline");
  const box = document.getElementById("timeline-box");
  const LANE = 26, SMALL = 16, FOOT = 28;
  let lanes = [], place = { left: 0, right: 0, bottom: 0 }, overlay = null, chosen = 0;
  let drawTimelineCursor = () => {};
  let wanted = () => true, threads = false;

  const decode = (cells, [width, begin]) => {
    const bins = [];
    for (let i = 0, at = 0; i < cells.length; i += 6) {
      at += cells[i];
      bins.push({ from: begin + at * width, to: begin + (at + 1) * width, cnt: cells[i + 1], failed: cells[i + 2], odd: cells[i + 3], busy: cells[i + 4] / 1000, max: cells[i + 5] });
    }
    return bins;
  };
  for (const state of data.states) {
    state.bins = decode(state.cells, data.cell);
    for (const thread of state.threads) thread.bins = decode(thread.cells, data.threadCell);
  }
  const height = (state, ns, room) => {
    const low = Math.max(state.min, 1);
    if (!(state.max > low)) return room * 0.6;
    return 4 + (room - 4) * Math.min(Math.max(Math.log(ns / low) / Math.log(state.max / low), 0), 1);
  };
  const x0 = (ns) => place.left + (place.right - place.left) * (ns - view.from) / (view.to - view.from);
  const nsAt = (x) => view.from + (x - place.left) / (place.right - place.left) * (view.to - view.from);
  const bar = (x, width, base, tall) => `M${x.toFixed(1)} ${base}v-${tall.toFixed(1)}h${width.toFixed(1)}v${tall.toFixed(1)}z`;

  /* Bins that share a pixel are one. */
  const columns = (bins) => {
    const found = [];
    for (const bin of bins) {
      const to = bin.to;
      if (to <= view.from || bin.from >= view.to) continue;
      const x = Math.floor(Math.max(x0(bin.from), place.left));
      const last = found[found.length - 1];
      if (last && last.x === x) {
        last.cnt += bin.cnt; last.failed += bin.failed; last.odd += bin.odd; last.busy += bin.busy; last.parts++;
        last.max = Math.max(last.max, bin.max); last.to = to;
      } else {
        found.push({ ...bin, x, parts: 1 });
      }
    }
    return found;
  };
  const keptOf = (lane) => data.kept.filter((call) => call[0] === lane.state.idx &&
    (!lane.thread || call[1] === lane.thread.idx) && call[2] + call[3] >= view.from && call[2] <= view.to);

  const drawLane = (lane) => {
    const { state, group, base, room } = lane;
    const kept = keptOf(lane);
    lane.kept = kept;
    lane.columns = columns(lane.bins);
    const inView = lane.columns.reduce((sum, column) => sum + column.cnt, 0);
    const single = data.allKept && !state.summarised && kept.length <= 800 ||
      !state.summarised && kept.length >= inView && kept.length <= 800;
    if (single || data.cell[0] * (place.right - place.left) > 12 * (view.to - view.from)) {
      let d = "";
      for (const call of kept) {
        const from = Math.max(x0(call[2]), place.left), to = Math.min(x0(call[2] + call[3]), place.right);
        d += bar(from, Math.max(to - from, 1.2), base, height(state, call[3], room));
      }
      group.append(make("path", { class: "single", d }));
    }
    if (!single) {
      const shades = ["", "", "", ""];
      for (const column of lane.columns) {
        const from = column.x, to = Math.min(x0(column.to), place.right);
        const busy = column.busy / column.parts;
        shades[busy > 0.6 ? 3 : busy > 0.25 ? 2 : busy > 0.02 ? 1 : 0] +=
          bar(from, Math.max(to - from, 1), base, column.cnt ? height(state, column.max, room) : 4);
      }
      shades.forEach((d, i) => d && group.append(make("path", { class: "busy" + i, d })));
    }
    for (const kind of ["odd", "failed"]) {
      let d = "", last = -9;
      for (const column of lane.columns) {
        const x = Math.max(column.x, (column.x + Math.min(x0(column.to), place.right)) / 2);
        if (!column[kind] || x - last < 7) continue;
        d += kind === "failed" ? `M${x.toFixed(1)} ${base - room - 4}m-4 0h8l-4 7z` : `M${x.toFixed(1)} ${base - 4}l4 4l-4 4l-4-4z`;
        last = x;
      }
      if (d) group.append(make("path", { class: kind, d }));
    }
  };

  const cut = (text, letters) => [...text].length > letters ? [...text].slice(0, letters - 1).join("") + "\u2026" : text;
  const draw = () => {
    if (!timeline) return;
    const width = Math.max(box.clientWidth, 260), narrow = width < 620;
    place = { left: narrow ? 12 : 168, right: width - (narrow ? 12 : 92), bottom: 0 };
    const title = [...timeline.querySelectorAll(":scope > title, :scope > desc")];
    const grid = make("g", { class: "ticks", "aria-hidden": "true" });
    timeline.replaceChildren(...title, grid);
    lanes = [];
    let y = 4;
    for (const state of data.states) {
      if (!wanted(state)) continue;
      const rows = [{ state, bins: state.bins, name: state.name, calls: state.calls, room: LANE }];
      if (threads) for (const thread of state.threads)
        rows.push({ state, thread, bins: thread.bins, name: thread.name, calls: thread.calls, room: SMALL });
      for (const lane of rows) {
        const letters = narrow ? 34 : 20, small = lane.thread ? " thread" : "";
        lane.group = make("g", { class: "lane", "data-state": state.idx });
        if (narrow) y += 15;
        lane.top = y + 6;
        lane.base = lane.top + lane.room;
        const label = make("text", { class: (narrow ? "label" : "label end") + small, x: narrow ? place.left : place.left - 10, y: narrow ? lane.top - 5 : lane.base - lane.room / 2 + 4 }, cut(lane.name, letters));
        label.append(make("title", {}, lane.name));
        lane.group.append(label,
          make("text", { class: "tick" + (narrow ? " end" : "") + small, x: narrow ? place.right : place.right + 10, y: narrow ? lane.top - 5 : lane.base - lane.room / 2 + 4 }, scaled(lane.calls, 1000, ["", " k", " M", " G"]) + (lane.calls === 1 ? " call" : " calls")),
          make("path", { class: "base", d: `M${place.left} ${lane.base}H${place.right}` }));
        timeline.append(lane.group);
        drawLane(lane);
        lanes.push(lane);
        y = lane.base + 4;
      }
      if (threads && state.moreThreads) {
        timeline.append(make("text", { class: "thread", x: place.left, y: y + 12 }, "more threads of this state have no lane"));
        y += 16;
      }
    }
    place.bottom = y + 4;
    drawTicks(grid, place.left, place.right, 4, place.bottom);
    overlay = make("g", { class: "overlay" });
    timeline.append(overlay);
    timeline.setAttribute("viewBox", `0 0 ${width} ${place.bottom + FOOT}`);
    drawTimelineCursor();
  };
  drawTimelineCursor = () => {
    if (!overlay) return;
    overlay.replaceChildren();
    if (cursor !== null && cursor >= view.from && cursor <= view.to)
      overlay.append(make("path", { class: "cursor", d: `M${x0(cursor).toFixed(1)} 4V${place.bottom}` }));
  };

  /* Of a call under the pointer, all; or else what the bins there have. */
  const describe = (lane, ns) => {
    const near = 4 / (place.right - place.left) * (view.to - view.from);
    let best = null;
    for (const call of lane.kept) {
      const away = ns < call[2] ? call[2] - ns : Math.max(ns - call[2] - call[3], 0);
      if (away <= near && (!best || call[3] > best[3])) best = call;
    }
    const column = lane.columns.find((c) => ns >= c.from && ns < c.to);
    const head = lane.thread ? `${lane.state.name} in ${lane.name}` : lane.name;
    const lines = [head];
    if (column) {
      lines.push(`${moment(column.from, 1e3)}, for ${duration(column.to - column.from)}`);
      lines.push(`${count(column.cnt)} ${column.cnt === 1 ? "call" : "calls"} began` + (column.cnt ? `, the longest ${duration(column.max)}` : ""));
      lines.push(`active ${(100 * column.busy / column.parts).toFixed(1)} % of the time` + (column.busy > column.parts ? ", in several calls at once" : ""));
      if (column.failed) lines.push(`${count(column.failed)} failed`);
      if (column.odd) lines.push(`${count(column.odd)} did not return`);
    }
    if (best && (!column || column.cnt !== 1 || best[2] < column.from)) lines.push("longest call here:");
    if (best) lines.push(`${duration(best[3])} (${count(best[3])} ns) from ${moment(best[2], 1)}`,
      data.ended[best[5]] + (best[6] === 2 ? ", failed" : "") + (best[4] ? `, thread ${best[4]}` : ""));
    return lines.length > 1 ? lines : [head, "nothing at " + moment(ns, 1e3)];
  };

  const MIN_SPAN = Math.min(200, span);
  const controls = document.getElementById("controls");
  const range = html("output", { "aria-live": "polite" });
  const buttons = {};
  const update = () => {
    draw();
    charts.forEach(follow);
    setCursor(cursor);
    const all = view.to - view.from >= span;
    for (const name of ["out", "left", "right", "all"]) if (buttons[name]) buttons[name].disabled = all;
    range.textContent = all ? `all ${duration(span)}` : `${moment(view.from, 1e3)}, ${duration(view.to - view.from)} of ${duration(span)}`;
  };
  const setView = (from, to) => {
    const wide = Math.min(Math.max(to - from, MIN_SPAN), span);
    const middle = (from + to) / 2;
    view.from = Math.min(Math.max(middle - wide / 2, 0), span - wide);
    view.to = view.from + wide;
    update();
  };
  const zoomAt = (ns, factor) => setView(ns - (ns - view.from) * factor, ns + (view.to - ns) * factor);
  const middle = () => cursor !== null && cursor >= view.from && cursor <= view.to ? cursor : (view.from + view.to) / 2;
  const pan = (share) => { const by = (view.to - view.from) * share; setView(view.from + by, view.to + by); };

  const addButton = (name, text, about, act) => {
    buttons[name] = html("button", { type: "button", "aria-label": about, title: about }, text);
    buttons[name].addEventListener("click", act);
    controls.append(buttons[name]);
  };
  const applyFilter = (text) => {
    const part = text.trim().toLowerCase();
    const hidden = new Set();
    wanted = (state) => !part || state.name.toLowerCase().includes(part);
    for (const state of data.states) if (!wanted(state)) hidden.add(String(state.idx));
    for (const element of document.querySelectorAll("figure[data-state], tr[data-state]"))
      element.classList.toggle("away", hidden.has(element.dataset.state));
    update();
  };

  const point = (event) => {
    const rect = timeline.getBoundingClientRect();
    const scale = timeline.viewBox.baseVal.width / rect.width;
    return { x: (event.clientX - rect.left) * scale, y: (event.clientY - rect.top) * scale };
  };
  const laneAt = (y) => lanes.find((lane) => y >= lane.top - 8 && y <= lane.base + 4);
  const hover = (event) => {
    const { x, y } = point(event), lane = laneAt(y);
    if (!lane || x < place.left - 2 || x > place.right + 2) return hideTip();
    const ns = nsAt(Math.min(Math.max(x, place.left), place.right));
    setCursor(ns);
    showTip(describe(lane, ns), event.clientX, event.clientY);
  };
  const showKeyboardTip = () => {
    const lane = lanes[chosen];
    if (!lane) return;
    const rect = timeline.getBoundingClientRect(), scale = rect.width / timeline.viewBox.baseVal.width;
    showTip(describe(lane, cursor), rect.left + x0(cursor) * scale, rect.top + lane.base * scale);
  };
  const keys = {
    ArrowLeft: (event) => event.shiftKey ? pan(-0.25) : setCursor(Math.max(middle() - (view.to - view.from) / 100, view.from)),
    ArrowRight: (event) => event.shiftKey ? pan(0.25) : setCursor(Math.min(middle() + (view.to - view.from) / 100, view.to)),
    ArrowUp: () => { chosen = Math.max(chosen - 1, 0); setCursor(middle()); },
    ArrowDown: () => { chosen = Math.min(chosen + 1, lanes.length - 1); setCursor(middle()); },
    "+": () => zoomAt(middle(), 0.5), "=": () => zoomAt(middle(), 0.5),
    "-": () => zoomAt(middle(), 2), 0: () => setView(0, span), Home: () => setView(0, span),
  };

  const listen = () => {
    let drag = null;
    timeline.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      drag = { x: point(event).x, from: view.from, to: view.to, touch: event.pointerType === "touch", moved: false };
      if (!drag.touch) timeline.setPointerCapture(event.pointerId);
      hover(event);
    });
    timeline.addEventListener("pointermove", (event) => {
      if (!drag) return hover(event);
      const x = point(event).x;
      drag.moved = drag.moved || Math.abs(x - drag.x) > 5;
      if (!drag.moved) return;
      hideTip();
      if (drag.touch) {
        const by = (drag.x - x) / (place.right - place.left) * (drag.to - drag.from);
        return setView(drag.from + by, drag.to + by);
      }
      const left = Math.max(Math.min(x, drag.x), place.left), right = Math.min(Math.max(x, drag.x), place.right);
      overlay.replaceChildren(make("rect", { class: "range", x: left, y: 4, width: Math.max(right - left, 0), height: place.bottom - 4 }));
    });
    timeline.addEventListener("pointerup", (event) => {
      const ended = drag, x = point(event).x;
      drag = null;
      if (!ended || !ended.moved || ended.touch) return;
      const a = nsAt(Math.max(Math.min(x, ended.x), place.left)), b = nsAt(Math.min(Math.max(x, ended.x), place.right));
      if (b > a) setView(a, b);
    });
    timeline.addEventListener("pointercancel", () => { drag = null; });
    timeline.addEventListener("pointerleave", () => { if (!drag) hideTip(); });
    timeline.addEventListener("dblclick", (event) => zoomAt(nsAt(point(event).x), 0.25));
    timeline.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoomAt(nsAt(point(event).x), event.deltaY > 0 ? 1.25 : 0.8);
    }, { passive: false });
    timeline.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return hideTip();
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      act(event);
      if (event.key.startsWith("Arrow") && cursor !== null) showKeyboardTip();
    });
    timeline.addEventListener("blur", hideTip);
    let width = box.clientWidth;
    new ResizeObserver(() => {
      if (box.clientWidth === width) return;
      width = box.clientWidth;
      draw();
    }).observe(box);
  };

  if (timeline && controls) {
    addButton("in", "+", "Zoom in (+)", () => zoomAt(middle(), 0.5));
    addButton("out", "\u2212", "Zoom out (-)", () => zoomAt(middle(), 2));
    addButton("left", "\u2190", "Earlier (Shift and left arrow)", () => pan(-0.5));
    addButton("right", "\u2192", "Later (Shift and right arrow)", () => pan(0.5));
    addButton("all", "All", "The whole time (0)", () => setView(0, span));
    if (data.states.length > 1) {
      const filter = html("input", { type: "search", placeholder: "Filter states", "aria-label": "Filter states by a part of their names" });
      filter.addEventListener("input", () => applyFilter(filter.value));
      controls.append(filter);
    }
    if (data.states.some((state) => state.threads.length)) {
      const label = html("label", {}), check = html("input", { type: "checkbox" });
      check.addEventListener("change", () => { threads = check.checked; draw(); });
      label.append(check, "Threads");
      controls.append(label);
    }
    controls.append(range);
    controls.hidden = false;
    document.body.classList.add("live");
    timeline.setAttribute("tabindex", "0");
    timeline.setAttribute("role", "application");
    timeline.setAttribute("aria-roledescription", "timeline; arrows move, plus and minus zoom, 0 shows all");
    listen();
    update();
  }
})();
