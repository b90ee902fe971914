// The console's one script. Pages work without it; it keeps them fresh and gives them keys.
"use strict";

const html = document.documentElement;
const chinese = html.lang === "zh-CN";
const UNITS = [[86400, "天", "d"], [3600, "小时", "h"], [60, "分", "min"], [1, "秒", "s"]]; // as times.py has them

// --- times ---------------------------------------------------------------------------------------------------------

function span(seconds) {
  let left = Math.floor(Math.abs(seconds));
  if (left === 0) return chinese ? "0 秒" : "0 s";
  const parts = [];
  for (const [size, zh, en] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count || parts.length) parts.push(count ? `${count} ${chinese ? zh : en}` : "");
  }
  return parts.slice(0, 2).filter(Boolean).join(" ");
}

let ahead = 0; // milliseconds that the server's clock is ahead of this one, where that matters

function noteClock(date) {
  const difference = Date.parse(date) - Date.now();
  if (Math.abs(difference - ahead) > 2000) ahead = difference;
}

function ageAll() {
  const now = Date.now() + ahead;
  for (const each of document.querySelectorAll("time[data-age]")) {
    each.textContent = span(Math.max(0, (now - Date.parse(each.dateTime)) / 1000));
  }
  for (const each of document.querySelectorAll("time[data-due]")) {
    const left = (Date.parse(each.dateTime) - now) / 1000;
    const said = span(left);
    if (left > 0) each.textContent = chinese ? `剩 ${said}` : `${said} left`;
    else each.textContent = chinese ? `超期 ${said}` : `${said} over`;
  }
}

// --- what is live --------------------------------------------------------------------------------------------------

const every = Number(html.dataset.poll) * 1000;
let tag = html.dataset.tag;
let missed = 0, round = 0;
const WHOLE_MS = 60000; // so often the page comes whether or not something happened: its drawings reach up to now

function say(text) {
  const said = document.getElementById("said");
  if (said) said.textContent = text;
}

async function refresh() {
  if (document.hidden) return;
  let answer;
  try {
    round += 1;
    const headers = (round * every) % WHOLE_MS < every ? {} : {"If-None-Match": `"${tag}"`};
    answer = await fetch(location.href, {headers, redirect: "manual", cache: "no-store"});
  } catch {
    answer = null;
  }
  if (answer && answer.status === 401) return location.reload();
  if (!answer || (!answer.ok && answer.status !== 304)) {
    missed += 1;
    if (missed >= 3) say(document.getElementById("said").dataset.failed);
    return;
  }
  noteClock(answer.headers.get("date"));
  if (missed >= 3) say("");
  missed = 0;
  if (answer.status === 304) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (swap(fresh)) tag = fresh.documentElement.dataset.tag;
}

// By what an element is found again on a fresh page.
function markOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const leads = element.getAttribute("href");
  return leads && `${element.matches("[data-stop]") ? "[data-stop]" : ""}[href="${CSS.escape(leads)}"]`;
}

// The fresh part takes the place of the old one; what was open, focused or typed stays.
function swap(fresh) {
  const old = document.querySelector("[data-live]"), next = fresh.querySelector("[data-live]");
  const typing = old?.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  const typed = [...(old?.querySelectorAll("input, textarea") ?? [])].some((each) => each.value !== each.defaultValue);
  if (!old || !next || typing || typed) return false;
  for (const each of old.querySelectorAll("details[id]")) {
    const twin = next.querySelector(`#${CSS.escape(each.id)}`);
    if (twin) twin.open = each.open;
  }
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const mark = focused && markOf(focused);
  const place = window.scrollY;
  old.replaceWith(document.adoptNode(next));
  if (mark) document.querySelector(`[data-live] ${mark}`)?.focus({preventScroll: true});
  window.scrollTo(0, place);
  ageAll();
  return true;
}

// --- keys ----------------------------------------------------------------------------------------------------------

function step(by) {
  const stops = [...document.querySelectorAll("[data-stop]")];
  if (!stops.length) return;
  const at = stops.indexOf(document.activeElement.closest?.("[data-stop]"));
  const next = stops[Math.min(stops.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : stops.length - 1) : at + by))];
  next.focus();
  next.scrollIntoView({block: "nearest"});
}

function help() {
  const dialog = document.getElementById("help");
  if (dialog && !dialog.open) dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.matches("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const keys = {
    "/": () => { const box = document.getElementById("q"); box?.focus(); box?.select(); },
    "j": () => step(1),
    "k": () => step(-1),
    "?": help,
  };
  const chosen = keys[event.key];
  if (!chosen) return;
  event.preventDefault();
  chosen();
});

document.getElementById("show-help")?.addEventListener("click", (event) => { event.preventDefault(); help(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden && every) refresh(); });
if (every) setInterval(refresh, every);
setInterval(ageAll, 1000);
