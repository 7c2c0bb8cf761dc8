// Suggestions below a search field: ARIA combobox with a list, chosen by hand. Without scripts it is a plain search.
const WAIT = 120; // ms of quiet before asking
const CJK = /[\u3400-\u9fff\uf900-\ufaff]/;
let field = null; // the input the state below belongs to
let items = [];
let active = -1;
let timer = 0;
let asking = null;

const part = (selector) => field.closest("[data-suggest]").querySelector(selector);
const list = () => part("[role=listbox]");

function prepare() {
  for (const input of document.querySelectorAll("[data-suggest] input")) {
    const set = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${input.id}-list` };
    for (const [name, value] of Object.entries(set)) input.setAttribute(name, value);
  }
}
function forget() {
  clearTimeout(timer);
  asking?.abort();
  asking = null;
}
function close() {
  forget();
  if (!field) return;
  list().hidden = true;
  list().replaceChildren();
  part("[aria-live]").textContent = "";
  items = [];
  mark(-1);
  field.setAttribute("aria-expanded", "false");
}
function mark(index) {
  const options = [...list().children];
  options[active]?.setAttribute("aria-selected", "false");
  active = index;
  const option = options[index];
  if (!option) return field.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option.id);
}
function piece(tag, className, content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}
function option(item, index) {
  const marked = item.parts.map(([text, hit]) => (hit ? piece("mark", "", [text]) : text));
  const element = piece("li", "suggestion", [
    piece("span", "suggestion-kind", [item.label]), " ", piece("span", "suggestion-text", marked),
    " ", piece("span", "suggestion-detail", [item.detail]),
  ]);
  element.id = `${field.id}-${index}`;
  element.setAttribute("role", "option");
  element.setAttribute("aria-selected", "false");
  return element;
}
function show(answer) {
  close();
  items = answer.items;
  list().append(...items.map(option));
  list().hidden = !items.length;
  field.setAttribute("aria-expanded", String(items.length > 0));
  part("[aria-live]").textContent = answer.notice || (items.length ? `有 ${items.length} 条建议` : "没有建议");
}
async function ask() {
  forget();
  const input = field;
  const text = input.value.trim();
  // One letter says nothing yet; one character does.
  if (!text || (text.length < 2 && !CJK.test(text))) return close();
  const mine = (asking = new AbortController());
  try {
    const address = new URL(input.closest("[data-suggest]").dataset.suggest, location.href);
    address.searchParams.set("q", text);
    const answer = await fetch(address, { signal: mine.signal, headers: { Accept: "application/json" } });
    const found = answer.ok ? await answer.json() : null;
    if (asking !== mine || field !== input) return;
    if (found && document.activeElement === input) show(found);
    else close();
  } catch {
    if (asking === mine) close(); // offline: searching still works
  }
}
function choose(item) {
  const { form } = field;
  close();
  if (item.url) return location.assign(item.url);
  field.value = item.text;
  form.requestSubmit();
}
// What is on its way answers an older text: were it shown, it would end the wait for this one.
function later() {
  forget();
  timer = setTimeout(ask, WAIT);
}
function own(event) {
  const input = event.target.closest?.("[data-suggest] input");
  if (input && input !== field) {
    close();
    field = input;
  }
  return input;
}

document.addEventListener("input", (event) => {
  if (!own(event) || event.isComposing) return;
  mark(-1);
  later();
});
document.addEventListener("compositionend", (event) => {
  if (own(event)) later();
});
document.addEventListener("keydown", (event) => {
  // 229: keys that belong to an input method, also the Enter that ends its work.
  if (!own(event) || event.isComposing || event.keyCode === 229) return;
  const last = items.length - 1;
  const act = {
    ArrowDown: () => (last < 0 ? ask() : mark(active < last ? active + 1 : -1)),
    ArrowUp: () => (last < 0 ? ask() : mark(active < 0 ? last : active - 1)),
    Escape: last < 0 ? null : close,
    Enter: active < 0 ? null : () => choose(items[active]),
  }[event.key];
  if (act) {
    event.preventDefault();
    act();
  } else if (event.key === "Enter") forget();
  else if (event.key === "Home" || event.key === "End") mark(-1); // the caret moves, as in any field
});
document.addEventListener("focusout", (event) => {
  if (own(event)) close();
});
// A press in the list must not take the focus away before it counts as a click.
document.addEventListener("mousedown", (event) => {
  if (event.target.closest(".suggestions")) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const chosen = event.target.closest(".suggestion");
  if (chosen) choose(items[[...chosen.parentNode.children].indexOf(chosen)]);
});
document.addEventListener("htmx:after:swap", () => {
  if (!field?.isConnected) [field, items, active] = [null, [], -1];
  close();
  prepare();
});
prepare();
