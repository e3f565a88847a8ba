// Draws each <canvas data-chart="id"> from the JSON in <script id="id" type="application/json">:
// {"kind": "bar" | "line" | "doughnut", "labels": […], "series": [{"label", "values", "colour"}], "stacked": bool,
//  "currency": "EUR", "unit": "%", "steps": ["Bronze", …]}: with steps, values are places among them and lines go level
// until they change. A colour may be a level's name. Colours follow the theme; the table beside the chart says the same in words.
(() => {
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const charts = new Map();
  const palettes = {
    light: { series: ["#1d55c4", "#e0913a", "#2f9e77", "#8a5cd1", "#c2498a"], text: "#566175", line: "#e3e7ed", back: "#fff",
      named: { bronze: "#b06a34", silver: "#97a3b5", gold: "#d9a521", platinum: "#5470c6" } },
    dark: { series: ["#6f9bff", "#f0ad5e", "#55c79c", "#b594f0", "#ee86bd"], text: "#a3adbd", line: "#29313e", back: "#181d26",
      named: { bronze: "#c07f4c", silver: "#a9b4c4", gold: "#e6bb48", platinum: "#8ba3ec" } },
  };

  const writer = (data, notation) => {
    if (data.steps) {
      return (value) => data.steps[value] || "";
    }
    const options = { notation, maximumFractionDigits: notation === "compact" ? 1 : 2 };
    if (data.currency) {
      Object.assign(options, { style: "currency", currency: data.currency });
    }
    const format = new Intl.NumberFormat(language, options);
    return (value) => format.format(value) + (data.unit || "");
  };

  const looks = (data, colours) => {
    if (data.kind === "doughnut") {
      return data.series.map((series) => ({ data: series.values, label: series.label, backgroundColor: colours.series, borderColor: colours.back, borderWidth: 2 }));
    }
    return data.series.map((series, place) => ({
      label: series.label,
      data: series.values,
      backgroundColor: colours.named[series.colour] || colours.series[place],
      borderColor: colours.named[series.colour] || colours.series[place],
      borderRadius: data.kind === "bar" ? 4 : 0,
      borderWidth: data.kind === "line" ? 2 : 0,
      maxBarThickness: 36,
      pointRadius: data.steps ? 0 : 2,
      stepped: Boolean(data.steps),
      borderDash: data.steps && place ? [4, 4] : [],
    }));
  };

  const draw = (canvas) => {
    const data = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    const colours = palettes[document.documentElement.dataset.bsTheme] || palettes.light;
    const full = writer(data, "standard");
    const rungs = data.steps ? { min: -0.25, max: data.steps.length - 0.75, afterBuildTicks: (y) => (y.ticks = data.steps.map((_name, value) => ({ value }))) } : {};
    const axis = { ticks: { color: colours.text }, border: { display: false }, stacked: Boolean(data.stacked) };
    charts.get(canvas)?.destroy();
    charts.set(canvas, new Chart(canvas, {
      type: data.kind,
      data: { labels: data.labels, datasets: looks(data, colours) },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        font: { family: "Inter, sans-serif" },
        plugins: {
          legend: { position: "bottom", labels: { color: colours.text, usePointStyle: true, pointStyle: "rectRounded", boxHeight: 8 } },
          tooltip: { callbacks: { label: (item) => ` ${item.dataset.label}: ${full(item.raw)}` } },
        },
        scales: data.kind === "doughnut" ? {} : {
          x: { ...axis, grid: { display: false } },
          y: { ...axis, beginAtZero: true, grid: { color: colours.line }, ticks: { color: colours.text, callback: writer(data, "compact"), maxTicksLimit: 6 }, ...rungs },
        },
      },
    }));
  };

  Chart.defaults.font.family = "Inter, system-ui, sans-serif";
  const drawAll = () => document.querySelectorAll("canvas[data-chart]").forEach(draw);
  drawAll();
  document.addEventListener("theme:shown", drawAll);
  document.addEventListener("htmx:load", drawAll);
})();
