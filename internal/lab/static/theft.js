// Scenes of a copied refresh token. The server cannot see who asks, only which number is shown. Two who refresh from one
// number drift apart, and whoever shows a number that is neither the newest nor its parent proves that there are two.

async function steal(world) {
  world.thief.session = world.browser.session;
  world.thief.refresh = world.browser.refresh;
  world.thief.access = "";
  await world.look();
  world.timeline.note(
    "a",
    "thief",
    `Refresh token ${world.thief.number} is copied`,
    "A thief copied the refresh token, perhaps with malware. Nothing shows it: the original is still in its place.",
  );
  await world.pause();
}

// ready makes sure that somebody is signed in and that a thief holds a copy of a token of that session.
async function ready(world) {
  await world.beSignedIn();
  if (!world.thief.signedIn || world.thief.session !== world.browser.session) await steal(world);
  await world.leaveWindow(world.browser);
}

// discovered shows the other holder that the session is over for both.
async function discovered(world, other, lane) {
  await world.pause();
  await other.renew(lane, "");
  await world.pause();
  world.timeline.moral(
    "Mayfly cannot know which of the two is the thief, so it ended the session for both. Ada signs in again with her password. The thief cannot.",
  );
}

// use lets one of the two refresh, and says what that means for the other.
async function use(world, who, lane, other, otherLane, says) {
  await ready(world);
  if (!(await who.renew(lane))) return discovered(world, other, otherLane);
  await world.pause();
  world.timeline.moral(says(who.number, other.number, world.row));
}

// known says whether a number would still be accepted.
const known = (number, row) => number === row.generation || number === row.parent;

export const theft = {
  steal: {
    title: "The refresh token is stolen",
    async run(world) {
      await world.beSignedIn();
      await steal(world);
      world.timeline.moral("Now two people hold the same token. Let one of them use it, then the other, in any order.");
    },
  },

  thief: {
    title: "The thief uses the copy",
    run: (world) =>
      use(world, world.thief, "thief", world.browser, "a", (got, left, row) =>
        known(left, row)
          ? `The thief is in, with number ${got}. Ada’s tab still holds number ${left}. Soon one of the two must show a number that gives them away.`
          : `The thief is in, with number ${got}, and Ada’s number ${left} is too old now. Her next refresh will give the theft away.`,
      ),
  },

  victim: {
    title: "The victim uses the original",
    run: (world) =>
      use(world, world.browser, "a", world.thief, "thief", (got, left, row) =>
        known(left, row)
          ? `Ada’s tab goes on with number ${got}. The thief’s copy, number ${left}, is one step behind.`
          : `Ada’s tab goes on with number ${got}. The thief’s number ${left} is worthless: showing it will give the theft away.`,
      ),
  },
};
