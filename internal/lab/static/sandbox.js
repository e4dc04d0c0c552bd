// The sandbox behind this page: a whole Mayfly of its own. What is here is the page's hand on it, and no part of the story
// it tells: it turns the clock, looks into the database, restarts the server. The story's own requests are in clients.js.

// Gone says that the sandbox was closed: unused for too long, or pushed aside by newer ones.
export class Gone extends Error {}

const patience = 20_000; // milliseconds for any answer

// request sends JSON and returns the answer's. Cookies stay out of it both ways: the sandbox lies on the origin of the
// real server, and the pair that is signed in there is none of its business.
export async function request(method, address, { body, headers = {} } = {}) {
  const answer = await fetch(address, {
    method,
    credentials: "omit",
    cache: "no-store",
    headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(patience),
  });
  return { status: answer.status, body: read(await answer.text(), answer.status) };
}

function read(text, status) {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(
      `The server answered ${status} with something that is not JSON. Is a proxy in between, or is it stopping?`,
    );
  }
}

export class Sandbox {
  #control;
  #now = Date.now(); // of its clock, in milliseconds, at the mark
  #mark = performance.now();

  // open makes a sandbox with these lifetimes, in seconds.
  static async open(address, lifetimes) {
    const { status, body } = await request("POST", address, { body: lifetimes });
    if (status !== 201) throw new Error(`The sandbox could not be opened: ${body?.detail ?? status}`);
    return new Sandbox(body, lifetimes);
  }

  constructor({ url, control }, lifetimes) {
    this.url = url;
    this.lifetimes = lifetimes;
    this.#control = control;
  }

  // now is what its clock shows, in milliseconds.
  now() {
    return this.#now + performance.now() - this.#mark;
  }

  async #ask(method, path, body) {
    const answer = await request(method, this.#control + path, { body });
    if (answer.status === 404) throw new Gone();
    if (answer.status >= 400) throw new Error(answer.body?.detail ?? `The server answered ${answer.status}.`);
    return answer.body;
  }

  // look returns what the database holds of a user's sessions, newest first, and the signing keys.
  async look(user) {
    const view = await this.#ask("GET", `?user=${encodeURIComponent(user)}`);
    this.#now = Date.parse(view.now);
    this.#mark = performance.now();
    return view;
  }

  turn(seconds) {
    return this.#ask("POST", "/advance", { seconds });
  }

  rotateKeys() {
    return this.#ask("POST", "/rotate-keys", {});
  }

  async restart(lifetimes = this.lifetimes) {
    await this.#ask("POST", "/restart", lifetimes);
    this.lifetimes = lifetimes;
  }

  // leave gives the sandbox back while the page is being closed, so it cannot wait for an answer.
  leave() {
    fetch(this.#control, { method: "DELETE", credentials: "omit", keepalive: true }).catch(() => {});
  }
}
