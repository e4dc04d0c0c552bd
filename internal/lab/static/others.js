// Scenes in which somebody else acts: the person on another device, and whoever runs the server.

import { readAccess } from "./tokens.js";
import { spell } from "./words.js";

async function takePhone(world) {
  await world.beSignedIn();
  if (world.phone.signedIn && !world.rowOf(world.phone.session)?.ended_at) return;
  await world.phone.enter(
    "phone",
    "/v1/login",
    { identifier: world.person.email, password: world.person.password },
    "Ada signs in on her phone. That is a session of its own, with a pair of its own.",
  );
  await world.pause();
}

const short = (kid) => kid.slice(0, 6);

export const others = {
  "phone-ends": {
    title: "The phone ends the browser’s session",
    async run(world) {
      await takePhone(world);
      await world.phone.call(
        "phone",
        "GET",
        "/v1/sessions",
        "The phone shows Ada where she is signed in: on the phone, and in a browser she no longer trusts.",
      );
      await world.phone.call(
        "phone",
        "DELETE",
        `/v1/sessions/${world.browser.session}`,
        "She ends the browser’s session. Its row now says when and why.",
      );
      await world.browser.call("a", "GET", "/v1/me", "");
      world.timeline.moral("The browser is signed out, and is told why. The phone stays signed in.");
    },
  },

  everywhere: {
    title: "The phone signs out everywhere",
    async run(world) {
      await takePhone(world);
      await world.phone.leaveEverywhere("phone", "Every session of Ada’s is over, the phone’s too.");
      await world.pause();
      await world.browser.call("a", "GET", "/v1/me", "");
      world.timeline.moral("One call, and every device is signed out.");
    },
  },

  keys: {
    title: "The signing keys are rotated",
    async run(world) {
      await world.beSignedIn();
      await world.sandbox.rotateKeys();
      await world.look();
      const next = world.view.keys.at(-1);
      world.timeline.note(
        "server",
        "server",
        `Key ${short(next.id)}… is published`,
        "Access tokens are signed with a key. The server made a new one and shows its public half, so that everybody can fetch it before it is used.",
      );
      await world.pause();
      await world.browser.call("a", "GET", "/v1/me", "The old key still signs and still counts.");
      const wait = Math.ceil((Date.parse(next.signs_at) - world.sandbox.now()) / 1000) + 1;
      await world.turn(
        wait,
        `${spell(wait)} later`,
        "By now every server has fetched the new key, so it takes over. The old one is kept until its last token has died.",
      );
      await world.browser.renew(
        "a",
        "The new access token is signed with the new key. The refresh token does not depend on it.",
      );
      await world.pause();
      const { kid } = readAccess(world.browser.access).header;
      await world.browser.call("a", "GET", "/v1/me", `Signed with key ${short(kid)}…, and accepted.`);
      world.timeline.moral("The lock was changed while everybody was inside, and nobody had to leave.");
    },
  },
};

// live gives the sandbox other lifetimes.
export const live = (lifetimes) => ({
  title: "Other lifetimes",
  async run(world) {
    await world.sandbox.restart(lifetimes);
    await world.look();
    world.timeline.note(
      "server",
      "server",
      "Starts again with your lifetimes",
      "The refresh window and the idle limit count from now on; the access life from the next token; the greatest age from the next sign-in.",
    );
    await world.pause();
    await world.beSignedIn();
    await world.leaveWindow(world.browser);
    await world.browser.renew(
      "a",
      `Here is a token of the new kind: it lives ${spell(lifetimes.access_ttl)}, less up to a tenth by chance, so that a crowd never comes back all at once.`,
    );
  },
});
