// What htmx does not do by itself: nobody loses what they type or have open, and what changed is said aloud.
(() => {
  const body = document.body;
  const state = document.getElementById("live-state");
  const said = document.getElementById("said");
  const spoken = () => [...document.querySelectorAll("[data-say]")].map((part) => part.textContent.trim()).join(" ");
  let last = spoken();

  const show = (alive) => {
    state.hidden = false;
    state.textContent = alive ? body.dataset.live : body.dataset.dead;
    state.classList.toggle("dead", !alive);
  };
  body.addEventListener("htmx:sseOpen", () => show(true));
  body.addEventListener("htmx:sseError", () => show(false));
  body.addEventListener("htmx:sendError", () => show(false));

  // A part in which somebody types, or has a form open, stays until they are done.
  const busy = (part) => {
    const active = document.activeElement;
    const typing = active && part.contains(active) && active.matches("input, select, textarea");
    return typing || part.querySelector("details[open] form") !== null;
  };
  body.addEventListener("htmx:beforeSwap", (event) => {
    if (busy(event.detail.target)) event.detail.shouldSwap = false;
  });

  let open = [], focus = null;
  body.addEventListener("htmx:beforeSwap", () => {
    open = [...document.querySelectorAll("details[open][id]")].map((one) => one.id);
    const active = document.activeElement;
    focus = active && active.matches("a[href]") ? active.getAttribute("href") : null;
  });
  body.addEventListener("htmx:afterSettle", () => {
    for (const id of open) {
      const one = document.getElementById(id);
      if (one) one.open = true;
    }
    if (focus && document.activeElement === body) {
      const again = [...document.querySelectorAll("main a[href]")].find((link) => link.getAttribute("href") === focus);
      if (again) again.focus({ preventScroll: true });
    }
    const now = spoken();
    if (now !== last) said.textContent = last = now;
  });

  // Lists are filtered as soon as somebody chooses.
  body.addEventListener("change", (event) => {
    if (event.target.matches(".filter select")) event.target.form.requestSubmit();
  });
})();
