"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const tabs = all("[role=tab]");
  const panels = new Map(all("[role=tabpanel]").map((panel) => [panel.dataset.view, panel]));
  const stage = one(".stage"), about = one("#about"), search = one("#search"), results = one("#results");
  const places = new Map();
  let current = "", shown = null;

  // ---------------------------------------------------------------- groups, tips, lines

  const group = (panel, key) => all("[data-key]", panel).find((g) => g.dataset.key === key);
  const tip = (g) => one(":scope > title", g)?.textContent ?? "";
  const told = (g) => { for (let at = g; at; at = at.parentElement.closest("[data-key]")) if (tip(at)) return at; return null; };
  const net = (g) => { const of = g.closest('[data-key^="net."]'); return of ? of.dataset.key.slice(4) : "1"; };
  const ownLines = (g) => { for (let at = g; at; at = at.parentElement.closest("[data-key]")) if (at.dataset.lines) return at; return null; };

  const clear = () => all(".hit").forEach((element) => element.classList.remove("hit"));

  function tell(g) {
    const source = told(g);
    if (source) about.replaceChildren(...tip(source).split("\n").map((line) => {
      const p = document.createElement("p");
      p.textContent = line;
      return p;
    }));
    clear();
    const of = ownLines(g);
    if (!of) return;
    const lines = of.dataset.lines.split(" ").map((line) => one(`#line-${net(g)}-${line}`)).filter(Boolean);
    lines.forEach((line) => line.classList.add("hit"));
    lines[0]?.scrollIntoView({ block: "nearest" });
  }

  function tellLine(line) {
    clear();
    line.classList.add("hit");
    const [, of, number] = line.id.split("-");
    const hits = all("[data-lines]", panels.get(current)).filter((g) => net(g) === of && g.dataset.lines.split(" ").includes(number));
    hits.forEach((g) => g.classList.add("hit"));
    return hits;
  }

  // ---------------------------------------------------------------- zoom and drag

  const svg = (view = current) => one("svg", panels.get(view));
  const size = (view) => { const box = svg(view).viewBox.baseVal; return [box.width, box.height]; };

  function put(place) {
    places.set(current, place);
    svg().style.transform = `translate(${place.x}px, ${place.y}px) scale(${place.k})`;
  }

  function fit() {
    const [width, height] = size(current), room = stage.getBoundingClientRect();
    let k = Math.min((room.width - 20) / width, (room.height - 20) / height, 1.6);
    if (k < 0.55) k = Math.min((room.width - 20) / width, 1);
    put({ k, x: Math.max(10, (room.width - width * k) / 2), y: Math.max(10, (room.height - height * k) / 2) });
  }

  function zoom(factor, cx, cy) {
    const room = stage.getBoundingClientRect(), { k, x, y } = places.get(current);
    const px = cx === undefined ? room.width / 2 : cx - room.left, py = cy === undefined ? room.height / 2 : cy - room.top;
    const to = Math.min(8, Math.max(0.05, k * factor));
    put({ k: to, x: px - (px - x) * to / k, y: py - (py - y) * to / k });
  }

  function goTo(g) {
    const box = g.getBBox(), room = stage.getBoundingClientRect();
    const k = Math.min((room.width - 40) / box.width, (room.height - 40) / box.height, 1.6);
    const to = Math.max(k, 0.3);
    put({ k: to, x: room.width / 2 - (box.x + box.width / 2) * to, y: Math.max(20 - box.y * to, room.height / 2 - (box.y + box.height / 2) * to) });
    shown = g;
    tell(g);
    g.classList.add("hit");
  }

  // ---------------------------------------------------------------- views and deep links

  function show(view, key = "", remember = true) {
    if (!panels.has(view)) view = tabs[0].dataset.view;
    current = view;
    panels.forEach((panel, name) => { panel.hidden = name !== view; });
    tabs.forEach((tab) => {
      const chosen = tab.dataset.view === view;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    });
    clear();
    const g = key && group(panels.get(view), key);
    if (g) goTo(g); else if (places.has(view)) put(places.get(view)); else fit();
    const hash = `#${view}${key ? `/${encodeURIComponent(key)}` : ""}`;
    if (remember && location.hash !== hash) history.pushState(null, "", hash);
  }

  function fromAddress() {
    const [view, key = ""] = location.hash.slice(1).split("/");
    let wanted = "";
    try { wanted = decodeURIComponent(key); } catch { wanted = ""; }
    show(view, wanted, false);
  }

  function open(g) {
    const at = g.closest("[data-opens]");
    if (!at) return false;
    const [view, key] = at.dataset.opens.split("#");
    const prefix = net(g) === "1" && !g.closest('[data-key^="net."]') ? "" : `${net(g)}:`;
    const panel = panels.get(view);
    if (!panel) return false;
    show(view, group(panel, prefix + key) ? prefix + key : key);
    return true;
  }

  // ---------------------------------------------------------------- events

  tabs.forEach((tab) => tab.addEventListener("click", () => show(tab.dataset.view)));
  one("[role=tablist]").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.findIndex((tab) => tab.dataset.view === current) + step + tabs.length) % tabs.length];
    show(next.dataset.view);
    next.focus();
    event.preventDefault();
  });

  const pointers = new Map();
  let moved = 0, pressed = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.target.closest(".tools")) return;
    pointers.set(event.pointerId, event);
    moved = 0;
    pressed = event.target;
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      const g = event.target.closest?.("svg [data-key]");
      if (g && g !== shown) { shown = g; tell(g); }
      return;
    }
    const others = [...pointers.values()].filter((other) => other.pointerId !== event.pointerId);
    if (others.length === 1) {
      const [other] = others;
      const was = Math.hypot(before.clientX - other.clientX, before.clientY - other.clientY);
      const is = Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY);
      if (was > 0) zoom(is / was, (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
      moved += 10;
    } else {
      const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY, { k, x, y } = places.get(current);
      moved += Math.abs(dx) + Math.abs(dy);
      if (moved > 4) { stage.setPointerCapture(event.pointerId); stage.classList.add("moving"); put({ k, x: x + dx, y: y + dy }); }
    }
    pointers.set(event.pointerId, event);
  });
  const lift = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    stage.classList.remove("moving");
    if (event.type === "pointerup" && moved <= 4 && pressed) {
      const g = pressed.closest?.("svg [data-key]");
      if (g) open(g);
    }
    pressed = null;
  };
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.altKey) { zoom(Math.exp(-event.deltaY / 200), event.clientX, event.clientY); return; }
    const { k, x, y } = places.get(current);
    put({ k, x: x - (event.shiftKey ? event.deltaY : event.deltaX), y: y - (event.shiftKey ? 0 : event.deltaY) });
  }, { passive: false });
  stage.addEventListener("dblclick", (event) => zoom(1.6, event.clientX, event.clientY));

  const tools = { "zoom-in": () => zoom(1.25), "zoom-out": () => zoom(0.8), "zoom-fit": fit };
  Object.entries(tools).forEach(([id, act]) => one(`#${id}`).addEventListener("click", act));

  all("svg [data-opens]").forEach((g) => {
    g.ownerSVGElement.setAttribute("role", "group");  // what is in an image cannot be pressed
    g.setAttribute("tabindex", "0");
    g.setAttribute("role", "button");
    g.setAttribute("aria-label", tip(g).split("\n")[0] || g.dataset.key);
    g.addEventListener("focus", () => tell(g));
    g.addEventListener("keydown", (event) => {
      if (event.target === g && (event.key === "Enter" || event.key === " ")) { open(g); event.preventDefault(); event.stopPropagation(); }
    });
  });

  all("pre div").forEach((line) => {
    const linked = all("[data-lines]").some((g) => g.dataset.lines.split(" ").includes(line.dataset.line) && net(g) === line.id.split("-")[1]);
    if (!linked) return;
    line.classList.add("linked");
    line.addEventListener("pointerenter", () => tellLine(line));
    line.addEventListener("click", () => { const [first] = tellLine(line); if (first) goTo(first); });
  });

  // ---------------------------------------------------------------- search

  const entries = [];
  panels.forEach((panel, view) => all("[data-key]", panel).forEach((g) => {
    if (tip(g)) entries.push({ view, key: g.dataset.key, words: tip(g) });
  }));
  const names = new Map(tabs.map((tab) => [tab.dataset.view, tab.textContent]));

  function look() {
    const wanted = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const found = wanted.length ? entries.filter((entry) => wanted.every((word) => `${entry.words} ${entry.key}`.toLowerCase().includes(word))) : [];
    results.replaceChildren(...found.slice(0, 40).map((entry) => {
      const item = document.createElement("li"), button = document.createElement("button"), where = document.createElement("small");
      button.textContent = `${entry.words.split("\n")[0]} `;
      where.textContent = names.get(entry.view);
      button.append(where);
      button.addEventListener("click", () => { results.hidden = true; show(entry.view, entry.key); });
      item.append(button);
      return item;
    }));
    results.hidden = !found.length;
  }
  search.addEventListener("input", look);
  search.addEventListener("focus", look);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") one("button", results)?.click();
    if (event.key === "ArrowDown") one("button", results)?.focus();
  });
  results.addEventListener("keydown", (event) => {
    const buttons = all("button", results), at = buttons.indexOf(document.activeElement);
    if (event.key === "ArrowDown") (buttons[at + 1] ?? buttons[0]).focus();
    else if (event.key === "ArrowUp") (buttons[at - 1] ?? search).focus();
    else return;
    event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest(".search")) results.hidden = true; });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { results.hidden = true; search.blur(); clear(); return; }
    if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    const { k, x, y } = places.get(current), step = 60;
    const act = {
      "/": () => search.focus(), "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit, f: fit,
      ArrowLeft: () => put({ k, x: x + step, y }), ArrowRight: () => put({ k, x: x - step, y }),
      ArrowUp: () => put({ k, x, y: y + step }), ArrowDown: () => put({ k, x, y: y - step }),
    }[event.key] ?? (/^[1-9]$/.test(event.key) && tabs[event.key - 1] ? () => show(tabs[event.key - 1].dataset.view) : null);
    if (!act || event.target.closest?.("[role=tablist], #results")) return;
    act();
    event.preventDefault();
  });

  addEventListener("popstate", fromAddress);
  addEventListener("resize", () => { places.clear(); fit(); });
  fromAddress();
})();
