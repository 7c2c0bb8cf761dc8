// Ctrl-K on staff pages: the quick find as a dialog; htmx fills its list. Without scripts the link leads to its page.
const dialog = document.getElementById("palette");
const opener = document.querySelector("[data-palette]");

if (dialog && opener) {
  const input = dialog.querySelector("input[type=search]");
  const open = () => {
    if (!dialog.open) dialog.showModal();
    input.select();
  };
  const step = (by) => {
    const links = [...dialog.querySelectorAll("[data-found] a")];
    const at = links.indexOf(document.activeElement) + by;
    if (at < 0) input.focus();
    else links[Math.min(at, links.length - 1)]?.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      open();
    }
  });
  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
  });
}
