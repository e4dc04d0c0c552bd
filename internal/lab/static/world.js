// Everything there is on this page, and the few steps that many scenes take.

import { Client } from "./clients.js";
import { readAccess } from "./tokens.js";
import { spell } from "./words.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");

export class World {
  view = { sessions: [], keys: [] }; // what the database held when it was last looked at
  browser = new Client(this);
  phone = new Client(this);
  thief = new Client(this);
  #user = "";
  #changed;

  // changed is called after each look into the database.
  constructor(sandbox, timeline, changed) {
    this.sandbox = sandbox;
    this.timeline = timeline;
    this.#changed = changed;
    // An invented person. Nobody has to type or keep this password.
    this.person = { email: "ada@example.com", name: "Ada", password: crypto.randomUUID() };
  }

  async look(user = this.#user) {
    this.#user = user;
    this.view = await this.sandbox.look(user);
    this.#changed(this);
  }

  rowOf(session) {
    return this.view.sessions.find((row) => row.id === session);
  }

  // row is the session of the browser, also when it is over.
  get row() {
    return this.rowOf(this.browser.session);
  }

  // life returns how many seconds an access token has left, and how many it had.
  life(client = this.browser) {
    if (client.access === "") return { left: 0, whole: 0 };
    const { iat, exp } = readAccess(client.access).claims;
    return { left: exp - this.sandbox.now() / 1000, whole: exp - iat };
  }

  // pause lets the eye follow from one line of the time line to the next.
  pause() {
    return new Promise((go) => setTimeout(go, still.matches ? 0 : 1000));
  }

  async turn(seconds, title, says) {
    await this.sandbox.turn(seconds);
    await this.look();
    this.timeline.turn(title, says);
    await this.pause();
  }

  // leaveWindow lets the refresh window of a session pass, if it is open: within it everybody gets the same answer.
  async leaveWindow(client) {
    const window = this.sandbox.lifetimes.refresh_window;
    const age = (this.sandbox.now() - Date.parse(this.rowOf(client.session).rotated_at)) / 1000;
    if (age > window) return;
    const wait = Math.ceil(window - age) + 1;
    await this.turn(
      wait,
      `${spell(wait)} later`,
      `For ${spell(window)} after a refresh everybody who asks again gets the same answer. We turned the clock past that.`,
    );
  }

  // killAccess lets the access token of the browser run out, if it lives.
  async killAccess() {
    const { left } = this.life();
    if (left <= 0) return;
    const wait = Math.ceil(left) + 1;
    await this.turn(
      wait,
      `${spell(wait)} later`,
      "We turned the clock. The access token is dead, and nobody has noticed yet: it just ran out, as every mayfly does.",
    );
  }

  // beSignedIn signs the browser in again where an earlier scene has ended its session.
  async beSignedIn() {
    if (this.browser.signedIn && !this.row?.ended_at) return;
    this.thief.forget();
    await this.browser.enter(
      "a",
      "/v1/login",
      { identifier: this.person.email, password: this.person.password },
      "Ada signs in again. That is a new session, and its refresh tokens begin at number 1.",
    );
    await this.pause();
  }
}
