// Finds rules, and opens what a link points into. The page is whole without it.
"use strict";
(() => {
  const form = document.getElementById("filter");
  const openAround = (element) => {
    for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  const reveal = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { return; }
    const target = id && document.getElementById(id);
    if (!target) return;
    openAround(target);
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details.family")) details.open = true;
  });
  reveal();
  if (!form) return;

  const items = [...document.querySelectorAll(".item")];
  const cells = [...document.querySelectorAll(".matrix .cell")];
  const words = new Map(items.map((item) => [item, item.textContent.toLowerCase()]));
  const field = document.getElementById("filter-text");
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const count = document.getElementById("filter-count");

  const apply = () => {
    const wanted = field.value.trim().toLowerCase();
    const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const active = wanted !== "" || verdicts.size < boxes.length;
    const shown = new Set();
    for (const item of items) {
      const match = verdicts.has(item.dataset.verdict) && words.get(item).includes(wanted);
      item.hidden = !match;
      if (match) shown.add(item.id);
    }
    for (const cell of cells) {
      cell.classList.toggle("dimmed", !shown.has(cell.getAttribute("href").slice(1)));
    }
    for (const family of document.querySelectorAll("details.family")) {
      const left = family.querySelectorAll(".item:not([hidden])").length;
      family.hidden = left === 0;
      if (wanted !== "" && left > 0) family.open = true;
    }
    count.textContent = active ? `${shown.size} of ${items.length} rules` : "";
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
})();
