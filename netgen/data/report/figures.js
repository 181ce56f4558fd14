/* Figures that answer: curves are read by a line that follows the pointer or the arrow keys, and what a cell or a bar
   shows is said at the pointer. All words come from the page; nothing is computed but which place is nearest. */
(() => {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";

  const add = (element, attributes, ...children) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const make = (name, attributes = {}, ...children) => add(document.createElement(name), attributes, ...children);
  const draw = (name, attributes) => add(document.createElementNS(SVG, name), attributes);

  /* ---- curves: a slider over the drawing, and what it reads below ---- */

  /* Entries are [place from which it holds, ...]: the last one at or before a place. */
  const entryAt = (entries, place) => entries.findLast((entry) => entry[0] <= place) ?? entries[0];

  const nearest = (values, wanted) =>
    values.reduce((best, value, i) => (Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? i : best), 0);

  const addReadout = (card, data) => {
    const time = make("th");
    const head = make("tr", {}, time, make("th", {}, `${data.value} (95 % CI)`), make("th", { class: "number" }, "At risk"));
    const rows = data.curves.map((curve) => {
      const swatch = make("span", { class: "swatch" });
      swatch.style.backgroundColor = curve.color;
      return { name: make("th", {}, swatch, curve.name), value: make("td"), risk: make("td", { class: "number" }) };
    });
    const body = make("tbody", {}, ...rows.map((row) => make("tr", {}, row.name, row.value, row.risk)));
    /* Hidden from screen readers: the slider says the same. */
    card.append(
      make("table", { class: "readout", "aria-hidden": "true" }, make("thead", {}, head), body),
      make("p", { class: "hint" }, "Move over the drawing, or focus it and use the arrow keys."),
    );
    return { time, rows };
  };

  const readCurves = (figure) => {
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const drawing = figure.querySelector(".drawing");
    const last = data.x.length - 1;
    const reader = draw("svg", {
      class: "reader", viewBox: `0 0 ${data.page.join(" ")}`, tabindex: 0, role: "slider",
      "aria-label": `${figure.querySelector("figcaption").textContent}: time`,
      "aria-orientation": "horizontal", "aria-valuemin": 0, "aria-valuemax": last,
    });
    const line = draw("line", { y1: data.box[0], y2: data.box[1] });
    const dots = data.curves.map((curve) => draw("circle", { r: 2, fill: curve.color }));
    reader.append(line, ...dots);
    drawing.append(reader);
    const readout = addReadout(drawing.parentElement, data);
    let place = 0;

    const show = (wanted) => {
      place = Math.min(Math.max(wanted, 0), last);
      const x = data.x[place];
      const when = data.time[place];
      add(line, { x1: x, x2: x });
      readout.time.textContent = when;
      const told = data.curves.map((curve, i) => {
        const [, words, y] = entryAt(curve.read, place);
        const [, risk] = entryAt(curve.risk, place);
        readout.rows[i].value.textContent = words;
        readout.rows[i].risk.textContent = risk;
        add(dots[i], { cx: x, cy: y ?? 0, display: y === null ? "none" : "inline" });
        return `${curve.name} ${words}, ${risk} at risk`;
      });
      add(reader, { "aria-valuenow": place, "aria-valuetext": `${when}: ${told.join("; ")}` });
    };

    const follow = (event) => {
      const box = reader.getBoundingClientRect();
      reader.classList.add("used");
      show(nearest(data.x, ((event.clientX - box.left) / box.width) * data.page[0]));
    };

    const far = Math.max(2, Math.round(last / 10));
    const goals = {
      ArrowRight: () => place + 1, ArrowUp: () => place + 1, ArrowLeft: () => place - 1, ArrowDown: () => place - 1,
      PageUp: () => place + far, PageDown: () => place - far, Home: () => 0, End: () => last,
    };
    reader.addEventListener("pointermove", follow);
    reader.addEventListener("pointerdown", follow);
    reader.addEventListener("focus", () => reader.classList.add("used"));
    reader.addEventListener("keydown", (event) => {
      if (!Object.hasOwn(goals, event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      reader.classList.add("used");
      show(goals[event.key]());
    });
    show(0);
  };

  /* ---- tips: the title of a cell or bar at once, where the browser would wait ---- */

  const words = new WeakMap();

  const wordsOf = (tip) => {
    if (!words.has(tip)) {
      const title = tip.querySelector("title");
      words.set(tip, title?.textContent ?? "");
      title?.replaceChildren(); /* an empty title: the browser shows neither it nor that of the figure */
    }
    return words.get(tip);
  };

  const showTips = () => {
    const box = make("div", { class: "tip-box", "aria-hidden": "true" });
    box.hidden = true;
    document.body.append(box);
    document.addEventListener("pointermove", (event) => {
      const tip = event.target instanceof Element ? event.target.closest(".tip") : null;
      box.hidden = !tip;
      if (!tip) return;
      box.textContent = wordsOf(tip);
      const left = Math.min(event.clientX + 12, document.documentElement.clientWidth - box.offsetWidth - 4);
      const above = event.clientY - box.offsetHeight - 10;
      box.style.left = `${Math.max(4, left)}px`;
      box.style.top = `${above > 4 ? above : event.clientY + 18}px`;
    });
    const hide = () => { box.hidden = true; };
    document.addEventListener("scroll", hide, { passive: true, capture: true });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  };

  document.querySelectorAll("figure.figure.steps").forEach(readCurves);
  if (document.querySelector(".tip")) showTips();
})();
