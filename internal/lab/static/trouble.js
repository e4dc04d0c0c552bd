// Scenes of bad luck, none of which may sign anybody out.

const count = 20;

// twentyCalls sends them all at once and returns their status, which is the same for all.
async function twentyCalls(world, says) {
  const swarm = world.timeline.swarm("a", "GET /v1/me", count, "the access token");
  const answers = await Promise.all(
    Array.from({ length: count }, async () => {
      const answer = await world.browser.get("GET", "/v1/me");
      swarm.one(answer.status);
      return answer;
    }),
  );
  await world.look();
  swarm.done(answers[0].status, says);
  await world.pause();
}

export const trouble = {
  lose: {
    title: "An answer gets lost",
    async run(world) {
      await world.beSignedIn();
      await world.leaveWindow(world.browser);
      const held = world.browser.number;
      await world.browser.renewInVain(
        "a",
        `The server made refresh token ${held + 1}, but the train went into a tunnel. Tab A still holds number ${held}, which is used up.`,
      );
      await world.pause();
      await world.browser.renew("a");
      await world.pause();
      world.timeline.moral(
        "A lost answer signs nobody out. Tab A could have come back a day later, and been taken back all the same.",
      );
    },
  },

  twenty: {
    title: "Twenty calls at once",
    async run(world) {
      await world.beSignedIn();
      await world.killAccess();
      await twentyCalls(
        world,
        "A page loads and asks for twenty things at once. All are told the same: the access token is dead.",
      );
      await world.browser.renew(
        "a",
        "One refresh for all twenty. Nineteen wait for it, instead of each making their own.",
      );
      await world.pause();
      await twentyCalls(world, "The same twenty calls again, with the new access token.");
      world.timeline.moral("1 refresh, 20 answers.");
    },
  },

  both: {
    title: "Both tabs refresh at once",
    async run(world) {
      await world.beSignedIn();
      await world.leaveWindow(world.browser);
      const before = world.browser.number;
      await Promise.all([
        world.browser.renew(
          "a",
          `Tab A shows refresh token ${before}. So does tab B, in the same instant: no tab knows what the other is doing.`,
        ),
        world.browser.renew(
          "b",
          `Both get number ${before + 1}. It was made once and given twice, so the tabs still hold the same pair.`,
        ),
      ]);
      await world.pause();
      world.timeline.moral(
        "Many systems take the second tab for a thief and sign the person out. Mayfly gives both the same answer.",
      );
    },
  },

  restart: {
    title: "The server restarts",
    async run(world) {
      await world.beSignedIn();
      await world.sandbox.restart();
      await world.look();
      world.timeline.note(
        "server",
        "server",
        "Stops and starts again",
        "The server stopped and started again. Sessions and signing keys are in its database.",
      );
      await world.pause();
      await world.browser.call(
        "a",
        "GET",
        "/v1/me",
        "The access token of before the restart still counts: the signing keys are the same.",
      );
      await world.leaveWindow(world.browser);
      await world.browser.renew("a");
      await world.pause();
      world.timeline.moral("Nobody was signed out.");
    },
  },
};
