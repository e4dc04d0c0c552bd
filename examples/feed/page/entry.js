// The form to sign in, which is also the form to make an account.
import { auth } from "./auth.js";

const form = document.querySelector("#entry");
const title = document.querySelector("#entry-title");
const submit = form.querySelector("[type=submit]");
const error = form.querySelector(".error");
const question = document.querySelector("#switch-question");
const other = document.querySelector("#switch");

let mode = "login";

function setMode(next) {
  mode = next;
  const registering = mode === "register";
  title.textContent = registering ? "Create an account" : "Sign in";
  submit.textContent = title.textContent;
  question.textContent = registering ? "Been here before?" : "New here?";
  other.textContent = registering ? "Sign in" : "Create an account";
  form.password.autocomplete = registering ? "new-password" : "current-password"; // what password managers go by
  for (const field of form.querySelectorAll("[data-mode]")) {
    field.hidden = !registering;
    field.querySelector("input").disabled = !registering;
  }
  error.textContent = "";
}

/** resetEntry empties the form. The reason is why a session ended by itself, if one did. */
export function resetEntry(reason) {
  form.reset();
  error.textContent = reason ? reason.message : "";
}

other.addEventListener("click", () => {
  setMode(mode === "login" ? "register" : "login");
  form.querySelector("input:enabled").focus();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, email, password } = Object.fromEntries(new FormData(form));
  submit.disabled = true;
  error.textContent = "";
  try {
    if (mode === "register") await auth.register({ name, email, password });
    else await auth.login({ identifier: email, password });
    setMode("login");
  } catch (e) {
    error.textContent = inWords(e);
  } finally {
    submit.disabled = false;
  }
});

// Every failure of the client has a message that is fit to be shown, and mostly a fix. A refused form names every field
// that is wrong at once.
function inWords(e) {
  const faults = e.code === "request_invalid" ? e.fields : [{ detail: e.message, fix: e.fix }];
  return faults.map(({ detail, fix }) => (fix ? `${detail} ${fix}` : detail)).join("\n");
}
