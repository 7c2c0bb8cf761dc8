// Long lists of options: type to find one. Sending and swapping is htmx's work, or a button's without scripts.
function prepare() {
  for (const box of document.querySelectorAll(".facet-search[hidden]")) box.hidden = false;
  // Browsers that cannot show closed details on wide screens get them opened.
  if (!CSS.supports("selector(::details-content)") && matchMedia("(min-width: 992px)").matches) {
    for (const filters of document.querySelectorAll("[data-filters]")) filters.open = true;
  }
}

document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-facet-search]");
  if (!field) return;
  const wanted = field.value.trim().toLowerCase();
  for (const option of field.closest("fieldset").querySelectorAll(".facet-options > li")) {
    const box = option.querySelector("input");
    option.hidden = !box.checked && !option.textContent.toLowerCase().includes(wanted);
  }
});
// The finder is no condition: it must neither send the form nor be sent with it.
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-facet-search]")) event.stopPropagation();
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.closest("[data-facet-search]")) event.preventDefault();
});

document.addEventListener("htmx:after:swap", prepare);
prepare();
