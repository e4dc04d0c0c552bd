/**
 * What every page gets on top of plain HTML: times in the visitor's own zone, passwords that can be looked at, and the
 * news of a sign-out for the other tabs. Nothing here is needed for anything to work.
 */
import { Tabs } from "../../../sdk/js/src/client/tabs.ts";
import { base, take } from "./parts/tab.ts";

for (const time of document.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.getTime())) continue;
  time.title = time.textContent; // the server's words, in UTC
  time.textContent = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-shows]")) {
  const input = document.getElementById(button.dataset.shows ?? "");
  if (!(input instanceof HTMLInputElement)) continue;
  const show = (shown: boolean) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.addEventListener("click", () => show(input.type === "password"));
  input.form?.addEventListener("submit", () => show(false)); // browsers keep what was typed into a text field
  button.hidden = false;
}

// The server has signed this browser out: the other tabs ask it whether that was their session.
if ("signedOut" in document.body.dataset) {
  const address = new URL(base, location.href).href.replace(/\/+$/, "");
  new Tabs(`mayfly:${address}`, () => {}).tell({ kind: "signed-out", session: undefined });
}

// Why the script of another page brought the visitor here.
const why = take("why");
const notice = document.querySelector<HTMLElement>("[data-notice]");
if (why !== null && notice?.hidden && !document.querySelector(".ended")) {
  notice.textContent = `You were signed out. ${why}`;
  notice.classList.add("ended");
  notice.hidden = false;
}

// A page that comes back from the browser's memory shows what was true then.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
