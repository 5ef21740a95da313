// Small comforts on top of pages that work without them: shortcuts, one live region, polling that does not disturb.
"use strict";

const live = () => document.getElementById("live");
const isTyping = (element) => element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

function announce(text) {
  const region = live();
  if (region && text && region.textContent !== text) region.textContent = text;
}

// A list that refreshes itself waits while somebody reads on in another tab, has focus in it, has ticked a row, edits or unfolded one.
document.addEventListener("htmx:beforeRequest", (event) => {
  const element = event.detail.elt;
  if (!element.matches("[data-poll]")) return;
  const isBusy = document.hidden || element.contains(document.activeElement) || element.querySelector("input:checked, [data-editing], details[open]");
  if (isBusy) event.preventDefault();
});

document.addEventListener("htmx:afterSwap", (event) => {
  const region = event.target.closest("[data-announce]") || document.getElementById("listing");
  const asked = event.detail.requestConfig && event.detail.requestConfig.elt;
  if (region && asked && !asked.matches("[data-poll]")) announce(region.dataset.announce);
});

document.addEventListener("htmx:responseError", () => announce("That did not work. Nothing was changed. Reload the page and try again."));
document.addEventListener("htmx:sendError", () => announce("The server does not answer. Nothing was changed."));

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form) form.requestSubmit();
  if (event.target.matches("[data-select-all]")) {
    const boxes = event.target.closest("form, section").querySelectorAll("tbody input[type=checkbox]");
    boxes.forEach((box) => { box.checked = event.target.checked; });
  }
});

// Menus close when the focus or a click leaves them, and on Escape.
document.addEventListener("click", (event) => {
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  const copy = event.target.closest("[data-copy]");
  if (copy && navigator.clipboard) {
    navigator.clipboard.writeText(copy.dataset.copy).then(() => announce(`Copied ${copy.dataset.copy}`));
  }
});

function moveRow(step) {
  const rows = [...document.querySelectorAll("#listing tbody tr a.row-link")];
  if (!rows.length) return;
  const index = rows.indexOf(document.activeElement);
  rows[Math.min(rows.length - 1, Math.max(0, index + step))].focus();
}

// Destinations behind "g" and a letter come from the page itself, so that a hidden entry has no shortcut.
const KEYS = {
  j: () => moveRow(1),
  k: () => moveRow(-1),
  "/": () => document.querySelector("[data-shortcut='/']").focus(),
  "?": () => { const help = document.getElementById("shortcuts"); if (help) help.showModal(); },
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.documentElement.classList.add("has-script");
