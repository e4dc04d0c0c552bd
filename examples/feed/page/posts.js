// The list of posts, and the form to write one.
import { auth } from "./auth.js";

const form = document.querySelector("#write");
const submit = form.querySelector("[type=submit]");
const error = form.querySelector(".error");
const left = document.querySelector("#left");
const list = document.querySelector("#posts");
const empty = document.querySelector("#empty");

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

// auth.fetch is fetch. When the access token has expired, it gets the next one before the call goes out.
async function call(options) {
  const answer = await auth.fetch("/api/posts", options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
}

export async function loadPosts() {
  const user = auth.user;
  try {
    const posts = await call();
    if (auth.user?.id !== user?.id) return; // somebody else signed in meanwhile
    list.replaceChildren(...posts.map(item));
    empty.hidden = posts.length > 0;
    error.textContent = "";
  } catch (e) {
    if (auth.user) error.textContent = `Your posts could not be loaded: ${e.message}`;
  }
}

export function clearPosts() {
  form.reset();
  list.replaceChildren();
  empty.hidden = true;
  error.textContent = "";
  count();
}

// What people wrote goes in as text, never as HTML: a post of "<script>" shows as "<script>".
function item(post) {
  const text = document.createElement("p");
  text.textContent = post.text;
  const time = document.createElement("time");
  time.dateTime = post.created_at;
  time.textContent = moment.format(new Date(post.created_at));
  const element = document.createElement("li");
  element.append(text, time);
  return element;
}

function count() {
  left.textContent = `${form.text.maxLength - form.text.value.length} characters left`;
}

form.addEventListener("input", count);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  submit.disabled = true;
  error.textContent = "";
  try {
    const post = await call({
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text: form.text.value }),
    });
    list.prepend(item(post));
    empty.hidden = true;
    form.reset();
    count();
  } catch (e) {
    error.textContent = e.message; // and the text stays where it is
  } finally {
    submit.disabled = false;
    form.text.focus();
  }
});
