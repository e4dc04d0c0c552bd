import { auth } from "./auth.js";
import { resetEntry } from "./entry.js";
import { clearPosts, loadPosts } from "./posts.js";

const signOut = document.querySelector("#sign-out");
let shown; // the state that the page shows

// Puts on the page whatever the client says: after the start, after every sign-in and sign-out, in this tab or another.
function render(state) {
  const before = shown;
  shown = state;
  document.querySelector("#reconnecting").hidden = !state.reconnecting;
  if (before?.status === state.status && before.user?.id === state.user?.id) return;

  for (const part of document.querySelectorAll("[data-when]")) {
    part.hidden = part.dataset.when !== state.status;
  }
  document.querySelector("#whom").textContent = state.user?.name || state.user?.email || "";
  clearPosts(); // the next person at this screen must not see them
  if (state.status === "signed-in") loadPosts();
  if (state.status === "signed-out") resetEntry(state.reason);
  if (before && before.status !== "loading") focusFirst(state.status);
}

// Whoever uses the keyboard or a screen reader goes on where something can be done now.
function focusFirst(status) {
  if (document.hasFocus()) document.querySelector(`[data-when=${status}] :is(input, textarea):enabled`)?.focus();
}

signOut.addEventListener("click", () => auth.logout());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && auth.user) loadPosts(); // another tab may have written one
});

auth.onChange(render);
render(await auth.init());
