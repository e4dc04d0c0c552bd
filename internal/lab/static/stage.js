// The picture: above the water the access token, a mayfly that flies for as long as it lives; in the water the refresh
// tokens by number, and who holds which.

import { element } from "./timeline.js";
import { countdown, reasonWords } from "./words.js";

const shown = 4; // numbers in the water, besides those that somebody holds

export class Stage {
  #box;
  #world;
  #access = "";
  #lived = false;
  #died;

  // died is called when an access token has run out.
  constructor(box, died) {
    this.#box = box;
    this.#died = died;
    setInterval(() => this.#world && this.#live(), 1000);
  }

  #find(name) {
    return this.#box.querySelector(`[data-${name}]`);
  }

  // show draws the world as it now is.
  show(world) {
    this.#world = world;
    const over = Boolean(world.row?.ended_at) || !world.browser.signedIn;
    this.#box.classList.toggle("over", over);
    this.#find("over").hidden = !over;
    if (world.row?.end_reason) this.#find("why").textContent = `Why: ${reasonWords(world.row.end_reason)}.`;
    if (world.row) this.#find("numbers").replaceChildren(...this.#numbers(world, over));
    this.#live();
  }

  // live moves the mayfly to where its life has got to.
  #live() {
    const { left, whole } = this.#world.life();
    const gone = whole > 0 ? Math.min(1, Math.max(0, 1 - left / whole)) : 1;
    const dead = left <= 0;
    const { access } = this.#world.browser;
    if (access !== this.#access && access !== "") this.#hatch();
    this.#access = access;
    // It rises out of the water and comes down to it again; the same curve is drawn in the page.
    this.#box.style.setProperty("--gone", gone.toFixed(4));
    this.#box.style.setProperty("--fall", ((gone * 2 - 1) ** 2).toFixed(4));
    this.#box.classList.toggle("dead", dead);
    this.#find("left").textContent = access === "" ? "–" : countdown(left);
    this.#find("state").textContent = access === "" ? "none" : dead ? "dead" : "alive";
    if (dead && this.#lived && access !== "") this.#died();
    this.#lived = !dead;
  }

  #hatch() {
    this.#box.classList.remove("hatch");
    void this.#box.offsetWidth; // begins the animation anew
    this.#box.classList.add("hatch");
  }

  #numbers(world, over) {
    const { generation, parent } = world.row;
    const held = [
      [world.browser, "browser", "your browser"],
      [world.thief, "thief", "thief"],
    ]
      .filter(([client]) => client.signedIn && client.session === world.browser.session)
      .map(([client, kind, name]) => ({ number: client.number, kind, name }));
    const newest = Array.from({ length: shown }, (_, i) => generation - i).filter((n) => n > 0);
    const numbers = [...new Set([...newest, ...held.map(({ number }) => number)])].sort((one, two) => one - two);
    const words = { newest: "newest", parent: "parent", spent: "used up", over: "over" };
    return numbers.map((n, i) => {
      const place = over ? "over" : n === generation ? "newest" : n === parent ? "parent" : "spent";
      const item = element("li", place, element("b", "", String(n)), element("span", "place", words[place]));
      if (i > 0 && n - numbers[i - 1] > 1) item.classList.add("gap");
      for (const { number, kind, name } of held) if (number === n) item.append(element("span", `tag ${kind}`, name));
      return item;
    });
  }
}
