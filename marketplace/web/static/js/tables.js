// Lists with tick boxes: choose all of a page, see how many are chosen.
for (const box of document.querySelectorAll("[data-bulk]")) {
  const form = document.getElementById(box.dataset.bulk);
  const all = box.querySelector("[data-bulk-all]");
  const ticks = [...box.querySelectorAll("td.cell-tick input")];
  const label = form.querySelector("[data-bulk-count]");
  const idle = label.textContent;

  function show() {
    const chosen = ticks.filter((tick) => tick.checked);
    for (const tick of ticks) tick.closest("tr").classList.toggle("is-ticked", tick.checked);
    all.checked = chosen.length === ticks.length && ticks.length > 0;
    all.indeterminate = chosen.length > 0 && !all.checked;
    label.textContent = chosen.length ? `已选 ${chosen.length} 项` : idle;
  }
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const tick of ticks) tick.checked = all.checked;
    show();
  });
  box.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    if (ticks.some((tick) => tick.checked)) return;
    event.preventDefault();
    event.stopPropagation();
    label.textContent = "请先勾选要处理的行";
  }, true);
  window.addEventListener("pageshow", show); // coming back, the browser ticks what was ticked
  show();
}
