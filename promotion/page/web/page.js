// The page works without this. With it, the theme can be chosen, times are
// told anew each half minute, the filter acts while one types, and what changes
// shows by itself.
"use strict";

(function () {
  const root = document.documentElement;
  const stored = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("theme", value);
      return localStorage.getItem("theme");
    } catch { return null; } // a browser may keep nothing
  };
  if (["light", "dark"].includes(stored())) root.dataset.theme = stored();

  document.addEventListener("DOMContentLoaded", () => {
    theme();
    times(document);
    setInterval(() => times(document), 30000);
    filter();
    if (document.body.dataset.live) watch();
  });

  function theme() {
    const button = document.getElementById("theme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const dark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
    const label = () => { button.textContent = dark() ? "light" : "dark"; };
    button.hidden = false;
    button.setAttribute("aria-label", "change between light and dark");
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      stored(root.dataset.theme);
      label();
    });
    system.addEventListener("change", label);
    label();
  }

  function relative(at) {
    const s = (Date.now() - at) / 1000, a = Math.abs(s);
    if (a < 45) return s < 0 ? "in a moment" : "just now";
    const d = a < 5400 ? Math.max(1, Math.round(a / 60)) + " min" : a < 129600 ? Math.round(a / 3600) + " h" : Math.round(a / 86400) + " d";
    return s < 0 ? "in " + d : d + " ago";
  }

  function times(within) {
    for (const t of within.querySelectorAll("time")) {
      const at = new Date(t.dateTime);
      t.textContent = relative(at);
      t.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    }
  }

  let asked = 0;
  // show fetches an address and puts its promotions in place of those shown.
  async function show(address) {
    const mine = ++asked;
    let answer;
    try { answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } }); } catch { return live(false); }
    if (answer.status === 401 || answer.status === 404) return location.reload();
    if (!answer.ok || mine !== asked) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    times(fresh);
    put(fresh, "rows");
    const chips = fresh.querySelector(".head .chips"), old = document.querySelector(".head .chips");
    if (chips && old && document.getElementById("filter")) old.replaceWith(chips);
    const foot = fresh.querySelector("footer");
    if (foot) document.querySelector("footer").replaceWith(foot);
  }

  // put replaces an element, and keeps what is unfolded, focused and scrolled.
  function put(fresh, id) {
    const now = document.getElementById(id), next = fresh.getElementById(id);
    if (!now || !next) return;
    const place = (e) => { // the same place in a page that is new
      const p = [];
      for (; e && e !== now && e !== next; e = e.parentElement) p.unshift(e.id || [...e.parentElement.children].indexOf(e));
      return p.join("/");
    };
    const open = new Set([...now.querySelectorAll("details[open]")].map(place));
    const focus = now.contains(document.activeElement) ? place(document.activeElement) : null;
    const wide = new Map([...now.querySelectorAll(".wide, .drawn")].filter((e) => e.scrollLeft).map((e) => [place(e), e.scrollLeft]));
    say(now, next);
    now.replaceWith(next);
    for (const e of next.querySelectorAll("details")) e.open = open.has(place(e));
    for (const e of next.querySelectorAll(".wide, .drawn")) e.scrollLeft = wide.get(place(e)) || 0;
    if (focus !== null) for (const e of next.querySelectorAll("a, button, summary")) if (place(e) === focus) e.focus({ preventScroll: true });
  }

  // say tells those who hear the page what is different, and shows it to others.
  function say(now, next) {
    const told = (e) => new Map([e, ...e.querySelectorAll("[data-say]")].filter((x) => x.dataset.say).map((x) => [x.id, x]));
    const before = told(now), news = [];
    for (const [id, e] of told(next)) {
      if (before.has(id) && before.get(id).dataset.say === e.dataset.say) continue;
      news.push(e.dataset.say);
      if (id !== "rows") e.classList.add("fresh");
    }
    if (news.length) document.getElementById("said").textContent = news.slice(0, 3).join(". ") + (news.length > 3 ? ". And " + (news.length - 3) + " more" : "");
  }

  function filter() {
    const form = document.getElementById("filter");
    if (!form) return;
    let later;
    const act = () => {
      const q = new URLSearchParams([...new FormData(form)].filter(([, v]) => v));
      const address = q.size ? "/?" + q : "/";
      history.replaceState(null, "", address);
      show(address);
    };
    form.querySelector("button").classList.add("hear");
    form.addEventListener("input", () => { clearTimeout(later); later = setTimeout(act, 200); });
    form.addEventListener("submit", (e) => { e.preventDefault(); clearTimeout(later); act(); });
  }

  function live(on) {
    const e = document.getElementById("live");
    if (!e) return;
    e.hidden = false;
    e.classList.toggle("off", !on);
    e.querySelector("span").textContent = on ? "live" : "not live";
  }

  function watch() {
    const again = () => show(location.pathname + location.search);
    // The address says what the page was made of: what changed until the stream
    // is open, or while it was broken, is told as soon as it is.
    const stream = new EventSource(document.body.dataset.live);
    stream.addEventListener("open", () => live(true));
    stream.addEventListener("change", again);
    stream.addEventListener("gone", () => { stream.close(); location.reload(); });
    stream.addEventListener("error", () => {
      live(false);
      if (stream.readyState === EventSource.CLOSED) setInterval(again, 60000); // it was refused
    });
  }
})();
