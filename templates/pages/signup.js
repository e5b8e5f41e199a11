// Makes the sign-up page live: the server renders all it shows, this sends the form and puts the
// answer in place. Without it every button works as well.
(() => {
  "use strict";
  const form = document.getElementById("signup");
  const at = (id) => document.getElementById(id);
  const field = at("new");
  if (!form || !window.fetch || !window.DOMParser) return;
  let asked = 0, pause;
  at("show").textContent = "Add";

  const look = async (button) => {
    const mine = ++asked;
    const sent = new FormData(form);
    ["email", "website"].forEach((name) => sent.delete(name));
    if (button) sent.set(button.name, button.value);
    else sent.set("do", "typing");
    sent.set("part", "1");
    clearTimeout(pause);
    let page;
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(sent) });
      if (!answer.ok && answer.status !== 429) return;
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { return; }
    if (mine !== asked) return;
    const told = page.getElementById("told"), panel = page.getElementById("preview");
    if (!told || !panel) return;
    at("told").replaceWith(told);
    at("preview").replaceChildren(...panel.childNodes);
    const wrong = at("new-error");
    if (wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    field.setAttribute("aria-describedby", wrong ? "new-hint new-error" : "new-hint");
    if (button) {
      field.value = told.dataset.left;
      field.focus();
    }
  };

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    const enter = button && button.value === "enter";
    if (!button || button.value === "subscribe" || (enter && !field.value.trim())) return;
    event.preventDefault();
    look(enter ? at("show") : button);
  });
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(look, 600);
  });
  at("cadence").addEventListener("change", () => look());

  const zone = at("timezone"), where = at("where");
  const known = new Set(Array.from(at("timezones").options, (option) => option.value));
  const spoken = (name) => name === "UTC" ? name : name.split("/").pop().replaceAll("_", " ") + " time";
  zone.addEventListener("change", () => { at("zone").textContent = spoken(zone.value); });
  at("change").addEventListener("click", (event) => {
    event.preventDefault();
    where.hidden = false;
    zone.focus();
    zone.select();
  });
  let guess = "";
  try { guess = Intl.DateTimeFormat().resolvedOptions().timeZone; } catch { return; }
  if (!zone.hasAttribute("aria-invalid") && (zone.value !== "UTC" || known.has(guess))) {
    if (zone.value === "UTC") zone.value = guess;
    at("zone").textContent = spoken(zone.value);
    where.hidden = true;
  }
})();
