// Forms that lose nothing: files go up at once, typing is saved when it pauses. Without scripts both go with the form.
const REST = 1500; // ms of quiet before saving; less after leaving a field
const AGAIN = 5000;

const body = (form) => {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (typeof value !== "string") data.delete(name);
  return data;
};
// After a new login in another tab the open page has the old token.
async function renew(form, user) {
  const answer = await fetch("/drafts/token", { headers: { Accept: "application/json" } });
  if (!answer.ok) return false;
  const fresh = await answer.json();
  if (user && String(fresh.user) !== user) return false;
  form.elements.csrf_token.value = fresh.token;
  return true;
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const user = form.dataset.draftUser;
  const place = `draft:${user}:${form.dataset.draft}`;
  const said = form.querySelector("[data-draft-said]");
  const field = (name) => form.elements[`draft_${name}`];
  let timer = 0;
  let busy = false;
  let dirty = false;
  let leaving = false; // the form is being sent
  let copied = false;
  let asking = null;
  let held = field("window").value; // whose text the copy is; nobody's once the form was taken

  const say = (text, link, words) => {
    said.textContent = text;
    said.classList.toggle("is-refused", Boolean(link) || text.startsWith("没有"));
    if (!link) return;
    const anchor = Object.assign(document.createElement("a"), { href: link, target: "_blank", textContent: words });
    said.append(anchor);
  };
  const own = (name) => name.startsWith("draft_") || name === "csrf_token" || name === "form_key" || name.includes("password");
  // A copy in this browser until the server has it: for offline times and crashes.
  const keep = (sent = false) => {
    const pairs = [...body(form)].filter(([name]) => !own(name));
    copied = true;
    try {
      localStorage.setItem(place, JSON.stringify({ held, sent, pairs }));
    } catch {
      // Storage may be full or switched off: the server's copy remains.
    }
  };
  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  };

  async function save(retried = false) {
    if (!held) return;
    if (busy) return later(REST);
    busy = true;
    dirty = false;
    asking = new AbortController();
    try {
      const answer = await fetch("/drafts", { method: "POST", body: body(form), headers: { Accept: "application/json" }, signal: asking.signal });
      if (leaving) return;
      if (answer.status === 401 || answer.status === 403) {
        if (!retried && (await renew(form, user).catch(() => false))) {
          busy = false;
          return save(true);
        }
        dirty = true;
        return say("没有保存：登录已失效，内容暂存在本机。", `/login?next=${encodeURIComponent(location.pathname)}`, "请登录");
      }
      if (answer.status === 410) {
        held = ""; // what is typed from now on is for the form as it is now
        keep();
        return say("没有保存：这张表已经提交过，内容暂存在本机。", location.href, "重新打开");
      }
      if (answer.status === 409) return say("另一个窗口也改过这张表，两份都已保留。", (await answer.json()).compare, "比较");
      if (!answer.ok) throw new Error(answer.status);
      const { version, saved } = await answer.json();
      field("version").value = version;
      if (dirty) return;
      localStorage.removeItem(place);
      copied = false;
      say(`已自动保存 ${saved.slice(-5)}`);
    } catch {
      if (leaving) return;
      dirty = true;
      say("没有保存：网络不通，内容暂存在本机，恢复后会自动保存。");
      later(AGAIN);
    } finally {
      busy = false;
    }
  }
  async function restore() {
    await window.draftsSettled; // page.js: a copy whose form was taken is gone then
    let copy = null;
    try {
      copy = JSON.parse(localStorage.getItem(place));
    } catch {
      return;
    }
    if (!copy || dirty) return;
    copied = true;
    const { pairs } = copy;
    for (const input of form.elements) {
      if (!input.name || own(input.name) || input.type === "file" || input.type === "hidden") continue;
      const values = pairs.filter(([name]) => name === input.name).map(([, value]) => value);
      if (input.type === "checkbox" || input.type === "radio") input.checked = values.includes(input.value);
      else if (values.length) input.value = values[0];
    }
    save();
  }

  form.addEventListener("input", () => {
    dirty = true;
    leaving = false;
    keep();
    later(REST);
  });
  form.addEventListener("change", () => later(300));
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    leaving = true;
    asking?.abort();
    if (copied) keep(true);
  });
  window.addEventListener("online", () => dirty && save());
  window.addEventListener("focus", () => dirty && save());
  restore();
}

for (const box of document.querySelectorAll("[data-upload]")) {
  const input = box.querySelector("[data-upload-input]");
  const said = box.querySelector("[data-upload-said]");
  const form = input.form;
  const most = Number(box.dataset.uploadMax);

  const send = (file) => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const data = new FormData();
    data.append("file", file);
    request.open("POST", box.dataset.upload);
    request.setRequestHeader("X-CSRFToken", form.elements.csrf_token.value);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      said.textContent = `正在上传 ${file.name}：${Math.round((100 * event.loaded) / event.total)}%`;
    });
    request.addEventListener("loadend", () => resolve(request));
    request.send(data);
  });

  input.addEventListener("change", async () => {
    const left = new DataTransfer();
    const wrong = [];
    for (const file of input.files) {
      if (file.size > most * 2 ** 20) {
        wrong.push(`${file.name}：超过${most}MB`);
        continue;
      }
      let request = await send(file);
      if ([401, 403].includes(request.status) && (await renew(form).catch(() => false))) request = await send(file);
      if (request.status === 200) box.querySelector("[data-upload-list]").insertAdjacentHTML("beforeend", request.response.item);
      else {
        wrong.push(`${file.name}：${request.response?.error || "没有上传成功，提交时会再传一次"}`);
        if (request.status !== 422) left.items.add(file);
      }
    }
    input.files = left.files;
    said.textContent = wrong.join("；") || "上传完成";
    said.classList.toggle("is-refused", wrong.length > 0);
    form.dispatchEvent(new Event("change"));
  });
}
