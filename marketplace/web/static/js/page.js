// What every page has: display settings, printing, dialogs, forms that are sent once.
const root = document.documentElement;
root.classList.add("has-js");

const YEAR = 31536000;
function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${value === "0" ? 0 : YEAR}; SameSite=Lax${secure}`;
}

// 关怀版 and 字号: the server reads the same cookies, so the next page comes out right at once.
const display = document.querySelector("[data-display]");
display?.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button) return;
  event.preventDefault();
  remember(button.name, button.value);
  root.dataset[button.name] = button.value;
  if (button.name === "care") {
    const on = button.value === "1";
    button.setAttribute("aria-pressed", String(on));
    button.value = on ? "0" : "1";
  } else {
    const step = Number(button.value);
    button.querySelector("[data-font-state]").textContent = ["标准", "较大", "最大"][step];
    button.value = String((step + 1) % 3);
  }
});
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Dialogs: the link leads to a page with the same form, used when scripts are off or a new tab is wanted.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  if (event.target.closest("[data-dialog-close]") || event.target.matches("dialog")) {
    event.target.closest("dialog").close();
  }
});

// A form is sent once. Coming back to the page frees it, and so does time: an answer may be a download.
const AGAIN_AFTER = 8000;
function free(form) {
  delete form.dataset.sent;
  form.removeAttribute("aria-busy");
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  form.setAttribute("aria-busy", "true");
  setTimeout(free, AGAIN_AFTER, form);
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach(free);
});

// What was typed stays in this browser until the server has it (form.js): a form that was taken leaves nothing.
async function settle(place, text) {
  const { held, sent } = JSON.parse(text);
  if (!sent) return;
  const answer = await fetch(`/drafts/sent?window=${encodeURIComponent(held)}`, { headers: { Accept: "application/json" } });
  if (answer.ok && (await answer.json()).sent && localStorage.getItem(place) === text) localStorage.removeItem(place);
}
try {
  const copies = Object.entries({ ...localStorage }).filter(([place]) => place.startsWith("draft:"));
  // Where the server cannot be asked, the next page asks again.
  window.draftsSettled = Promise.allSettled(copies.map(([place, text]) => settle(place, text)));
} catch {
  // Storage may be switched off: then nothing is kept in it.
}

// On small screens the parts of a centre are one row: the present one is in sight.
for (const row of document.querySelectorAll(".tabs ul")) {
  const here = row.querySelector("[aria-current]");
  if (here) row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
}

// A refused form: the summary is read out first, and its links lead into the fields.
document.querySelector("[data-error-summary]")?.focus();
