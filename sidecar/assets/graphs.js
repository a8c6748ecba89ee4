// Draws what the API tells of a node's history, once a graph is seen.
(() => {
  const place = document.querySelector(".graphs");
  if (!place || !window.uPlot) return;
  const POINTS = 600;
  const COLOURS = ["#3b8ea5", "#d1783c", "#7a6fc4", "#4f9d69", "#c05b8b", "#a08a2e", "#5b7fd1", "#8c6d5a"];
  const language = document.documentElement.lang;
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const shown = new Map();
  let range = 21600;

  const number = (digits) => new Intl.NumberFormat(language, { maximumFractionDigits: digits });
  const scaled = (value) => {
    const [size, unit] = [[1e9, "GB/s"], [1e6, "MB/s"], [1e3, "kB/s"]].find(([size]) => Math.abs(value) >= size) || [1, "B/s"];
    return `${number(1).format(value / size)} ${unit}`;
  };
  const units = {
    percent: (value) => `${number(1).format(value)} %`,
    celsius: (value) => `${number(1).format(value)} °C`,
    bytes_per_second: scaled,
    seconds: (value) => (value < 10 ? `${number(0).format(value * 1000)} ms` : `${number(1).format(value)} s`),
  };
  const seconds = (time) => (typeof time === "number" ? time : Date.parse(time) / 1000);

  const say = (figure, text) => {
    const line = document.createElement("p");
    line.className = "empty";
    line.textContent = text;
    figure.querySelector(".plot").replaceChildren(line);
  };

  // Times as the reader's pages have them.
  const zone = place.dataset.zone || undefined;
  const dated = (options) => new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", ...options });
  const clock = dated({ hour: "2-digit", minute: "2-digit" });
  const day = dated({ day: "numeric", month: "short" });
  const moment = dated({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const ticks = (_, all, __, ___, step) => {
    let last = "";
    return all.map((at) => {
      const date = new Date(at * 1000);
      const text = day.format(date);
      const first = text !== last;
      last = text;
      return step >= 86400 ? text : clock.format(date) + (first ? `\n${text}` : "");
    });
  };

  // One row of times for all series; where one has nothing there is a hole, and so where all have nothing for long.
  const table = (series, told) => {
    const known = [...new Set(series.flatMap((one) => one.points.map(([at]) => seconds(at))))].sort((a, b) => a - b);
    // A node may tell its numbers less often than there are places to draw them at.
    const apart = known.slice(1).map((at, place) => at - known[place]).sort((a, b) => a - b);
    const far = 2.5 * Math.max(told.step_seconds || Infinity, apart[apart.length >> 1] || 0);
    const times = known.flatMap((at, place) => (known[place + 1] - at > far ? [at, at + 1] : [at]));
    const index = new Map(times.map((at, place) => [at, place]));
    const rows = series.map((one) => {
      const row = new Array(times.length).fill(null);
      for (const [at, , mean] of one.points) row[index.get(seconds(at))] = mean;
      return row;
    });
    return [times, ...rows];
  };

  // Times of which nothing is known, and times with an alert, behind the lines.
  const behind = (told) => (plot) => {
    const { ctx, bbox } = plot;
    const area = (from, to, colour) => {
      const left = Math.max(plot.valToPos(seconds(from), "x", true), bbox.left);
      const right = Math.min(plot.valToPos(to ? seconds(to) : Date.now() / 1000, "x", true), bbox.left + bbox.width);
      if (right <= left) return;
      ctx.fillStyle = colour;
      ctx.fillRect(left, bbox.top, Math.max(right - left, 2), bbox.height);
    };
    ctx.save();
    for (const [from, to] of told.gaps || []) area(from, to, style("--unknown-wash"));
    for (const alert of told.alerts || []) area(alert.since, alert.until, style("--critical-wash"));
    ctx.restore();
  };

  const draw = (figure, told) => {
    const plot = figure.querySelector(".plot");
    const names = figure.dataset.names.split("|");
    const wanted = figure.dataset.series.split(" ");
    const series = (told.series || []).filter((one) => one.points.length > 0);
    if (series.length === 0) return say(figure, place.dataset.none);
    const unit = units[figure.dataset.unit] || ((value) => number(2).format(value));
    const line = (one, at) => ({
      label: names[wanted.indexOf(`${one.object}.${one.key}`)] || one.object,
      stroke: COLOURS[at % COLOURS.length],
      width: 1.5,
      dash: at >= COLOURS.length ? [6, 3] : undefined,
      spanGaps: false,
      value: (_, value) => (value == null ? "–" : unit(value)),
    });
    const axis = { stroke: style("--soft"), grid: { stroke: style("--line"), width: 1 }, ticks: { stroke: style("--line"), width: 1 } };
    plot.replaceChildren();
    const made = new uPlot({
      width: plot.clientWidth,
      height: 220,
      scales: { x: { range: () => [seconds(told.from), seconds(told.to)] }, y: figure.dataset.unit === "percent" ? { range: [0, 100] } : {} },
      series: [{ label: place.dataset.time, value: (_, at) => (at == null ? "–" : moment.format(new Date(at * 1000))) }, ...series.map(line)],
      tzDate: (at) => (zone ? uPlot.tzDate(new Date(at * 1000), zone) : new Date(at * 1000)),
      axes: [{ ...axis, values: ticks }, { ...axis, size: 72, values: (_, all) => all.map((value) => (value == null ? "" : unit(value))) }],
      hooks: { drawAxes: [behind(told)] },
    }, table(series, told), plot);
    shown.set(figure, made);
  };

  const load = async (figure) => {
    const to = Math.floor(Date.now() / 1000);
    const iso = (at) => new Date(at * 1000).toISOString();
    const asked = new URLSearchParams({ from: iso(to - range), to: iso(to), points: POINTS });
    for (const one of figure.dataset.series.split(" ")) asked.append("series", one);
    try {
      const answer = await fetch(`/api/v1/nodes/${encodeURIComponent(place.dataset.node)}/history?${asked}`);
      if (answer.status === 404) return say(figure, place.dataset.none);
      if (!answer.ok) return say(figure, place.dataset.failed);
      draw(figure, await answer.json());
    } catch {
      say(figure, place.dataset.failed);
    }
  };

  const seen = new Set();
  const eye = new IntersectionObserver((all) => {
    for (const { target, isIntersecting } of all) {
      if (!isIntersecting || seen.has(target)) continue;
      seen.add(target);
      load(target);
    }
  }, { rootMargin: "200px" });
  const figures = [...place.querySelectorAll("figure")];
  figures.forEach((figure) => eye.observe(figure));

  place.addEventListener("click", (event) => {
    const button = event.target.closest("[data-range]");
    if (!button) return;
    range = Number(button.dataset.range);
    for (const one of place.querySelectorAll("[data-range]")) one.setAttribute("aria-pressed", String(one === button));
    seen.forEach(load);
  });
  new ResizeObserver(() => shown.forEach((plot, figure) => {
    plot.setSize({ width: figure.querySelector(".plot").clientWidth, height: 220 });
  })).observe(place);
  setInterval(() => { if (!document.hidden) seen.forEach(load); }, 60000);
})();
