// 对比: up to `limit` of one type, kept for this tab over pages and filters. Without scripts the form sends the ticks.
const bars = document.querySelectorAll("[data-compare-bar]");

function stored(kind) {
  try {
    return JSON.parse(sessionStorage.getItem(`compare-${kind}`)) || [];
  } catch {
    return [];
  }
}
function store(kind, chosen) {
  try {
    sessionStorage.setItem(`compare-${kind}`, JSON.stringify(chosen));
  } catch {
    // Storage may be switched off: the choice then lasts for this page only.
  }
}

// What is compared must share a type; one provider may be of several.
function shareType(items) {
  const [first, ...rest] = items.map((item) => item.type.split(" "));
  return first.some((type) => rest.every((types) => types.includes(type)));
}

for (const bar of bars) {
  const kind = bar.dataset.compareBar;
  const limit = Number(bar.dataset.limit);
  const unit = bar.dataset.unit;
  const names = bar.querySelector("[data-compare-names]");
  const count = bar.querySelector("[data-compare-count]");
  const message = bar.querySelector("[data-compare-message]");
  let chosen = stored(kind);
  const boxes = () => document.querySelectorAll(`[data-compare="${kind}"]`);

  const say = (text, refused = false) => {
    message.textContent = text;
    message.classList.toggle("is-refused", refused);
  };
  const advice = () => (chosen.length < 2 ? `再选 1 ${unit}就能对比` : "");

  function show() {
    for (const box of boxes()) box.checked = chosen.some((item) => item.id === box.value);
    bar.classList.toggle("is-on", chosen.length > 0);
    count.textContent = `（${chosen.length}/${limit}）`;
    names.replaceChildren(...chosen.map((item) => {
      const entry = document.createElement("li");
      entry.className = "compare-name";
      entry.append(item.name);
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `移出对比：${item.name}`);
      remove.addEventListener("click", () => change(chosen.filter((other) => other.id !== item.id)));
      entry.append(remove);
      return entry;
    }));
  }
  function change(next) {
    chosen = next;
    store(kind, chosen);
    show();
    say(chosen.length ? advice() : "已清空对比");
  }

  document.addEventListener("change", (event) => {
    const box = event.target.closest(`[data-compare="${kind}"]`);
    if (!box) return;
    const rest = chosen.filter((item) => item.id !== box.value);
    if (!box.checked) return change(rest);
    const added = { id: box.value, type: box.dataset.compareType, name: box.dataset.compareName };
    if (chosen.length >= limit) {
      show();
      return say(`最多对比${limit}${unit}`, true);
    }
    if (!shareType([added, ...chosen])) {
      show();
      return say("只能对比同一类型，请先移出其他类型", true);
    }
    change([...rest, added]);
  });

  bar.addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen.length < 2) return say(`至少选 2 ${unit}才能对比`, true);
    const target = new URL(bar.action);
    for (const item of chosen) target.searchParams.append("id", item.id);
    location.assign(target);
  });
  document.addEventListener("htmx:after:swap", show);
  window.addEventListener("pageshow", () => {
    chosen = stored(kind);
    show();
  });
  show();
  if (chosen.length) say(advice());
}
