// Scenes of an ordinary day.

import { spell } from "./words.js";

const call = (lane, says) => async (world) => {
  await world.beSignedIn();
  await world.browser.call(lane, "GET", "/v1/me", says);
};

export const everyday = {
  enter: {
    title: "A person signs in",
    async run(world) {
      const { email, name, password } = world.person;
      await world.browser.enter(
        "a",
        "/v1/register",
        { email, name, password },
        "We invented Ada and signed her up in tab A. The server answers with a pair: one access token, one refresh token.",
      );
      await world.pause();
      await world.browser.call(
        "a",
        "GET",
        "/v1/me",
        "Tab A shows the access token, and the server knows who is asking. No password, no look at the refresh token.",
      );
    },
  },

  "call-a": {
    title: "Call from tab A",
    run: call("a", "The access token is alive, so the server knows who is asking. Nothing else is needed."),
  },

  "call-b": {
    title: "Call from tab B",
    run: call("b", "Both tabs are one browser and hold the same pair. Nobody had to sign in twice."),
  },

  expire: {
    title: "The access token runs out",
    async run(world) {
      await world.beSignedIn();
      await world.killAccess();
      await world.browser.call("a", "GET", "/v1/me", "");
      world.timeline.moral("The access token died, and Ada stayed signed in. That is what the pair is for.");
    },
  },

  away: {
    title: "Nobody comes back for too long",
    async run(world) {
      await world.beSignedIn();
      const ends = Math.min(Date.parse(world.row.idle_expires_at), Date.parse(world.row.expires_at));
      const wait = Math.ceil((ends - world.sandbox.now()) / 1000) + 1;
      await world.turn(wait, `${spell(wait)} later`, "Nobody used this session in all that time. We turned the clock.");
      await world.browser.call("a", "GET", "/v1/me", "");
      world.timeline.moral("A forgotten session ends by itself. Every refresh in between would have kept it going.");
    },
  },
};
