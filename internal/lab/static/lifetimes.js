// The sliders. A slider has stops instead of a scale, because between ten seconds and an hour nobody wants the rest.

import { spell } from "./words.js";

const [minute, hour, day] = [60, 3600, 86400];

const stops = {
  access_ttl: [5, 10, 20, 30, minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute, hour],
  refresh_window: [1, 2, 5, 10, 20, 30, minute, 2 * minute],
  idle_timeout: [hour, 6 * hour, 12 * hour, day, 7 * day, 14 * day, 30 * day, 90 * day],
  session_ttl: [hour, 12 * hour, day, 7 * day, 30 * day, 90 * day, 180 * day, 365 * day],
};

// Mayfly's own, but for the access life: ten minutes are long to watch.
export const usual = { access_ttl: minute, refresh_window: 30, idle_timeout: 30 * day, session_ttl: 90 * day };

export class Lifetimes {
  #form;

  // chosen is called with the lifetimes, in seconds, when the form is sent.
  constructor(form, chosen) {
    this.#form = form;
    for (const [name, values] of Object.entries(stops)) {
      const slider = form.elements[name];
      slider.max = values.length - 1;
      slider.value = values.indexOf(usual[name]);
      slider.addEventListener("input", () => this.#tell(name));
      this.#tell(name);
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      chosen(Object.fromEntries(Object.keys(stops).map((name) => [name, this.#value(name)])));
    });
  }

  #value(name) {
    return stops[name][Number(this.#form.elements[name].value)];
  }

  #tell(name) {
    const words = spell(this.#value(name));
    this.#form.elements[name].setAttribute("aria-valuetext", words);
    this.#form.querySelector(`output[for="${name}"]`).textContent = words;
  }
}
