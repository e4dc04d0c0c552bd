import { createAuth } from "/auth/sdk.js";

const auth = createAuth({ url: "/auth" });

const register = ({ fullName, ...fields }) => auth.register({ ...fields, name: fullName });
const login = ({ email, password }) => auth.login({ identifier: email, password });
const logout = () => auth.logout();

const json = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

async function write(fields) {
  await auth.fetch("/api/posts", json(fields));
  await load();
}

async function load() {
  const answer = await auth.fetch("/api/posts");
  const items = (await answer.json()).map((post) => {
    const item = document.createElement("li");
    item.textContent = post.text;
    return item;
  });
  document.querySelector("#posts").replaceChildren(...items);
}

function show({ status }) {
  document.querySelector("#signed-in").hidden = status !== "signed-in";
  document.querySelector("#signed-out").hidden = status !== "signed-out";
  if (status === "signed-in") run(load);
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

auth.onChange(show);
show(await auth.init());
