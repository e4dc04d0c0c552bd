// Who asks the server: a browser with two tabs, the phone of the same person, a thief. Each holds a pair, or part of one,
// and asks over real HTTP. A real app never lets a script see a token: Mayfly keeps both in cookies that no script can
// read. Here they are in the page's memory, because they are what one came to see.

import { request } from "./sandbox.js";
import { generation } from "./tokens.js";

// Client is one that holds tokens. Both tabs of a browser are one: they share its jar.
export class Client {
  constructor(world) {
    this.world = world;
    this.access = "";
    this.refresh = "";
    this.session = "";
  }

  get signedIn() {
    return this.refresh !== "";
  }

  // number is the generation of the refresh token it holds.
  get number() {
    return this.signedIn ? generation(this.refresh) : 0;
  }

  take({ access_token: access, refresh_token: refresh, session }) {
    this.access = access;
    this.refresh = refresh;
    this.session = session.id;
  }

  forget() {
    this.access = this.refresh = "";
  }

  // enter signs in: POST /v1/register or /v1/login.
  async enter(lane, path, body, says) {
    const line = this.world.timeline.exchange(lane, `POST ${path}`, "a password");
    const answer = await request("POST", this.world.sandbox.url + path, { body: { ...body, delivery: "body" } });
    if (answer.status >= 300) throw new Error(`Sign-in failed: ${answer.body.detail}`);
    this.take(answer.body);
    await this.world.look(answer.body.user.id);
    line.answer(answer.status, says, "an access token and refresh token 1");
  }

  // call asks for something that needs an access token, and refreshes when that one is dead. It returns the last answer.
  async call(lane, method, path, says) {
    let answer = await this.callOnce(lane, method, path, says);
    if (answer.status !== 401 || !(await this.renew(lane))) return answer;
    await this.world.pause();
    answer = await this.callOnce(
      lane,
      method,
      path,
      "The same call again, with the new access token. The person noticed nothing.",
    );
    return answer;
  }

  async callOnce(lane, method, path, says) {
    const line = this.world.timeline.exchange(lane, `${method} ${shorten(path)}`, "the access token");
    const answer = await this.get(method, path);
    await this.world.look();
    line.answer(answer.status, answer.status < 300 ? says : (refusals[answer.body.code] ?? answer.body.detail));
    await this.world.pause();
    return answer;
  }

  get(method, path) {
    return request(method, this.world.sandbox.url + path, { headers: { authorization: `Bearer ${this.access}` } });
  }

  // renew presents the refresh token, and reports whether it bought a new pair.
  async renew(lane, says) {
    const shown = this.number;
    const before = this.world.rowOf(this.session);
    const line = this.world.timeline.exchange(lane, "POST /v1/refresh", `refresh token ${shown}`);
    const answer = await this.#post("/v1/refresh");
    if (answer.status === 200) {
      this.take(answer.body);
      await this.world.look();
      line.answer(200, says ?? explain(shown, this.number, before), `refresh token ${this.number}, a new access token`);
      return true;
    }
    if (answer.body.session_ended) this.forget(); // the only kind of answer that may sign anybody out
    await this.world.look();
    line.answer(answer.status, `${answer.body.detail} ${answer.body.fix ?? ""}`.trim(), "the session is over");
    return false;
  }

  // renewInVain presents the refresh token, and the answer is lost on its way.
  async renewInVain(lane, says) {
    const line = this.world.timeline.exchange(lane, "POST /v1/refresh", `refresh token ${this.number}`);
    await this.#post("/v1/refresh"); // the server did its part; what it answered is thrown away unread
    await this.world.look();
    line.lose(says);
  }

  // leaveEverywhere ends every session of the person.
  async leaveEverywhere(lane, says) {
    const line = this.world.timeline.exchange(lane, "POST /v1/logout?scope=all", `refresh token ${this.number}`);
    const answer = await this.#post("/v1/logout?scope=all");
    this.forget();
    await this.world.look();
    line.answer(answer.status, says);
  }

  #post(path) {
    return request("POST", this.world.sandbox.url + path, { body: { refresh_token: this.refresh } });
  }
}

// explain says why the refresh rule gave what it gave. Before is the row as it was when the token was presented.
function explain(shown, got, before) {
  if (got === before.generation && shown === got) {
    return `Asked again only a moment after the last refresh: refresh token ${got} comes once more, and nothing is used up.`;
  }
  if (got === before.generation) {
    return `Refresh token ${shown} was used only a moment ago, so its successor, number ${got}, is given once more, the same to the last byte.`;
  }
  if (shown === before.parent) {
    return `Refresh token ${shown} is the parent of the newest. Its owner may have missed an answer, so it is accepted, and number ${got} is made.`;
  }
  return `Refresh token ${shown} is used up. In its place come number ${got} and a new access token.`;
}

// refusals say what the codes of failed calls mean.
const refusals = {
  token_expired: "The access token is dead. That is no fault: it is the sign to refresh.",
  token_revoked:
    "The session is over, so Mayfly refuses even a living access token. Servers that check tokens on their own would take it until it dies, minutes from now.",
};

// shorten leaves the ids out of what is shown.
const shorten = (path) => path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "…");
