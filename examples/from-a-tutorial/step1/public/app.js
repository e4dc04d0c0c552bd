// Calls the API, and refreshes the tokens when the access token has expired.
async function api(path, options) {
  const answer = await fetch(path, options);
  if (answer.status !== 401) return answer;
  const refreshed = await fetch("/auth/v1/refresh", { method: "POST" });
  if (!refreshed.ok) {
    show(false);
    throw new Error("Please sign in");
  }
  return api(path, options);
}

const json = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

async function register({ email, username, fullName, password }) {
  await enter(await fetch("/auth/v1/register", json({ email, username, name: fullName, password })));
}

async function login({ email, password }) {
  await enter(await fetch("/auth/v1/login", json({ identifier: email, password })));
}

async function enter(answer) {
  if (!answer.ok) throw new Error((await answer.json()).detail);
  await load();
}

async function logout() {
  await fetch("/auth/v1/logout", { method: "POST" });
  show(false);
}

async function write(fields) {
  await api("/api/posts", json(fields));
  await load();
}

async function load() {
  const answer = await api("/api/posts");
  const items = (await answer.json()).map((post) => {
    const item = document.createElement("li");
    item.textContent = post.text;
    return item;
  });
  document.querySelector("#posts").replaceChildren(...items);
  show(true);
}

function show(signedIn) {
  document.querySelector("#signed-in").hidden = !signedIn;
  document.querySelector("#signed-out").hidden = signedIn;
}

// Runs what a button asks for, and says what went wrong.
async function run(action) {
  const message = document.querySelector("#message");
  message.textContent = "";
  await action().catch((error) => (message.textContent = error.message));
}

for (const [id, action] of Object.entries({ register, login, write })) {
  document.querySelector(`#${id}`).addEventListener("submit", (event) => {
    event.preventDefault();
    run(() => action(Object.fromEntries(new FormData(event.target))));
  });
}
document.querySelector("#logout").addEventListener("click", () => run(logout));
run(load);
