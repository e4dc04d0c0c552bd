// Opens a sandbox, signs somebody in, and gives the buttons their scenes. One scene plays at a time.

import { everyday } from "./everyday.js";
import { Lifetimes, usual } from "./lifetimes.js";
import { live, others } from "./others.js";
import { Panels } from "./panels.js";
import { Gone, Sandbox } from "./sandbox.js";
import { Stage } from "./stage.js";
import { theft } from "./theft.js";
import { Timeline } from "./timeline.js";
import { trouble } from "./trouble.js";
import { World } from "./world.js";

const find = (name) => document.querySelector(`[data-${name}]`);

const signIn = { title: "Signing in again", run: (world) => world.beSignedIn() };
const scenes = { ...everyday, ...trouble, ...theft, ...others, "sign-in": signIn };

const buttons = [...document.querySelectorAll("button[data-act], form[data-lifetimes] button")];
const say = (words) => {
  find("caption").textContent = words;
};
const panels = new Panels(find("panels"));
const timeline = new Timeline(find("timeline"), say);
const stage = new Stage(find("stage"), () => {
  if (!playing) say("The access token has run out, all by itself. Nobody need notice: the next call will refresh.");
});

let world;
let playing = false;

// play runs a scene. The buttons stay where they are meanwhile, so that nobody's focus is lost, and do nothing.
async function play({ title, run }) {
  if (playing) return;
  if (!world) return find("again").focus();
  busy(true);
  find("trouble").hidden = true;
  timeline.chapter(title);
  try {
    await run(world);
  } catch (error) {
    fail(error);
  } finally {
    busy(false);
  }
}

function busy(now) {
  playing = now;
  document.body.dataset.playing = now ? "yes" : "no";
  for (const button of buttons) button.ariaDisabled = now ? "true" : null;
}

function fail(error) {
  const closed = error instanceof Gone;
  const words = closed
    ? "This sandbox was closed, because it was not used for a while or newer ones took its place."
    : `Something went wrong: ${error.message}`;
  find("trouble-words").textContent = words;
  find("trouble").hidden = false;
  find("again").focus(); // it may be out of sight
  if (closed) world = undefined;
}

async function open() {
  try {
    const sandbox = await Sandbox.open(document.body.dataset.sandboxes, usual);
    addEventListener("pagehide", () => sandbox.leave());
    world = new World(sandbox, timeline, (now) => {
      stage.show(now);
      panels.show(now);
    });
  } catch (error) {
    return fail(error);
  }
  await play(scenes.enter);
}

for (const button of document.querySelectorAll("button[data-act]")) {
  button.addEventListener("click", () => play(scenes[button.dataset.act]));
}
new Lifetimes(find("lifetimes"), (lifetimes) => play(live(lifetimes)));
find("again").addEventListener("click", () => location.reload());

// While somebody looks at the page its sandbox is in use, also when no button is pressed.
setInterval(() => {
  if (!document.hidden && !playing) world?.look().catch(fail);
}, 4 * 60_000);

// A page that comes back from the browser's memory has given its sandbox back.
addEventListener("pageshow", (event) => event.persisted && location.reload());

open();
