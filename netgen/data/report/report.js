/* What a reader may do beyond reading: sort and filter tables, mark a patient everywhere, see where one is.
   The page is complete without this. No text is ever read as HTML: nodes are made, text is set. */
(() => {
  "use strict";

  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  /* ---- sorting: ascending, descending, as written; what is missing stays last ---- */

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  const keyOf = (cell) => {
    if (!cell || cell.querySelector(":scope > .na")) return null;
    const key = cell.dataset.sort ?? cell.textContent.trim();
    return key === "" ? null : key;
  };

  const comparison = (keys) => {
    const numbers = keys.every((key) => key === null || !Number.isNaN(Number(key)));
    return numbers ? (a, b) => Number(a) - Number(b) : (a, b) => collator.compare(a, b);
  };

  const sortRows = (rows, column, direction) => {
    if (direction === "none") return rows;
    const keys = new Map(rows.map((row) => [row, keyOf(row.cells[column])]));
    const compare = comparison([...keys.values()]);
    const sign = direction === "descending" ? -1 : 1;
    return [...rows].sort((first, second) => {
      const [a, b] = [keys.get(first), keys.get(second)];
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * compare(a, b);
    });
  };

  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  const makeSortable = (table) => {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = make("button", { type: "button" }, ...heading.childNodes);
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const direction = NEXT[heading.getAttribute("aria-sort")];
        headings.forEach((other) => other.setAttribute("aria-sort", "none"));
        heading.setAttribute("aria-sort", direction);
        body.append(...sortRows(rows, column, direction));
      });
    });
  };

  /* ---- filtering: rows that hold all the words ---- */

  const FEW = 10; // rows that are found by looking

  const makeFilterable = (table) => {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < FEW) return;
    const input = make("input", { type: "search", autocomplete: "off", spellcheck: false });
    const count = make("output");
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const content = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => content.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      count.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
    });
    const tools = make("div", { className: "tools" }, make("label", {}, "Filter rows", input), count);
    table.closest(".scroll").before(tools);
  };

  /* ---- marking a patient in all tables and figures ---- */

  const places = new Map();
  const marked = new Set();
  const bar = make("div", { className: "marks", hidden: true });
  bar.setAttribute("role", "status");

  const findPatients = () => {
    for (const element of document.querySelectorAll("[data-patient]")) {
      const patient = element.getAttribute("data-patient");
      places.set(patient, [...(places.get(patient) ?? []), element]);
      for (const cell of element.cells ?? []) {
        if (cell.textContent.trim() !== patient || cell.querySelector("button")) continue;
        const button = make("button", { type: "button", className: "patient" }, ...cell.childNodes);
        button.setAttribute("aria-pressed", "false");
        cell.append(button);
        break;
      }
    }
  };

  const showMarks = (patient) => {
    for (const element of places.get(patient) ?? []) {
      element.classList.toggle("marked", marked.has(patient));
      element.querySelector("button.patient")?.setAttribute("aria-pressed", String(marked.has(patient)));
    }
    bar.hidden = marked.size === 0;
    const names = [...marked].map((name) => {
      const button = make("button", { type: "button", title: "Remove this mark" }, `${name} \u00d7`);
      button.addEventListener("click", () => toggle(name));
      return button;
    });
    const clear = make("button", { type: "button" }, "Clear");
    clear.addEventListener("click", () => [...marked].forEach(toggle));
    bar.replaceChildren(marked.size === 1 ? "Marked patient:" : "Marked patients:", ...names, ...(marked.size > 1 ? [clear] : []));
  };

  const toggle = (patient) => {
    if (!marked.delete(patient)) marked.add(patient);
    showMarks(patient);
  };

  const onClick = (event) => {
    if (!(event.target instanceof Element) || String(document.getSelection())) return;
    if (event.target.closest("a, summary, input, label, button:not(.patient)")) return;
    const element = event.target.closest("[data-patient]");
    if (element) toggle(element.getAttribute("data-patient"));
  };

  /* ---- the section being read, in the contents ---- */

  const followReading = () => {
    const links = new Map(
      [...document.querySelectorAll(".contents ol a")].map((link) => [link.getAttribute("href").slice(1), link]),
    );
    const sections = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
    const update = () => {
      const line = window.innerHeight / 3;
      const above = sections.filter((section) => section.getBoundingClientRect().top <= line);
      const current = above.at(-1)?.id ?? sections[0]?.id;
      for (const [id, link] of links) {
        if (id === current) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    let waiting = false;
    const later = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        update();
      });
    };
    document.addEventListener("scroll", later, { passive: true });
    window.addEventListener("resize", later);
    update();
  };

  /* ---- what scrolls can be reached by keyboard; what is folded is printed ---- */

  const reachScrolling = () => {
    for (const box of document.querySelectorAll(".scroll")) {
      if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };

  const unfoldForPrint = () => {
    const folded = [...document.querySelectorAll("details:not([open], .columns)")];
    for (const details of folded) details.open = true;
    window.addEventListener("afterprint", () => folded.forEach((details) => { details.open = false; }), { once: true });
  };

  for (const table of document.querySelectorAll("table.data")) {
    if (!table.tHead || !table.tBodies.length) continue;
    makeFilterable(table);
    makeSortable(table);
  }
  findPatients();
  document.body.append(bar);
  document.addEventListener("click", onClick);
  followReading();
  reachScrolling();
  window.addEventListener("resize", reachScrolling);
  window.addEventListener("beforeprint", unfoldForPrint);
})();
