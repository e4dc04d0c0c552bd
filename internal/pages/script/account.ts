/**
 * Keeps the pair alive while the account page is open, and lets people watch it.
 *
 * What may be done when is decided by the client of the SDK, as in every app. This page calls nothing that would make it
 * refresh by itself, so a timer asks shortly before the access token dies.
 */
import { type AuthError, type AuthState, createAuth } from "mayfly-auth";
import { Life } from "./parts/life.ts";
import { base, leave, take } from "./parts/tab.ts";

const box = find(document, "pair");
const bar = find(box, "bar");
const word = find(box, "state");
const leftWords = find(box, "left-words");
const replacedWords = find(box, "replaced");
const trouble = find(box, "trouble");

const shortest = 0.5; // seconds between two refreshes, however short a life we are told of

const auth = createAuth({ url: base });
const life = new Life(Number(box.dataset.left ?? 0), Number(box.dataset.life ?? 0));
let timer: ReturnType<typeof setTimeout> | undefined;

function find(where: ParentNode, name: string): HTMLElement {
  const found = where.querySelector<HTMLElement>(`[data-${name}]`);
  if (!found) throw new Error(`The page has no data-${name}.`);
  return found;
}

const lead = () => Math.min(60, life.whole * 0.2);

/** Sets the one timer there is. A little chance keeps tabs that were opened together from coming together. */
function plan(): void {
  clearTimeout(timer);
  if (auth.state.status !== "signed-in" || auth.state.reconnecting) return; // the client tries again, and tells us
  const due = auth.expiresIn - lead() * (1 - Math.random() * 0.2);
  timer = setTimeout(refresh, Math.min(Math.max(due, shortest) * 1000, 2 ** 31 - 1));
}

async function refresh(): Promise<void> {
  if (auth.expiresIn <= lead()) await auth.refresh().catch(() => {}); // the state says what is wrong
  draw();
  plan();
}

function changed(state: AuthState): void {
  if (state.status === "signed-out") {
    end(state.reason);
  } else if (state.status === "signed-in" && state.user.id !== box.dataset.user) {
    askServer(); // another tab signed in as somebody else
  } else {
    if (state.status === "signed-in") take("reloaded");
    draw();
    plan();
  }
}

function end(reason?: AuthError): void {
  if (!reason || reason.code === "refresh_missing") {
    askServer();
  } else {
    leave("why", [reason.message, reason.fix].filter(Boolean).join(" "));
    location.replace(document.body.dataset.login ?? "/");
  }
}

/**
 * Loads the page anew: the server shows whoever is signed in or sends us to the sign-in page. Only once: when it still sees
 * somebody signed in where the client sees nobody, asking for ever would help nobody.
 */
function askServer(): void {
  if (take("reloaded") !== null) return;
  leave("reloaded", "once");
  location.reload();
}

function draw(): void {
  if (life.follow(auth.expiresIn)) {
    bar.classList.add("reborn");
    setTimeout(() => bar.classList.remove("reborn"), 800);
  }
  const rest = life.left;
  bar.hidden = false;
  bar.style.setProperty("--life", life.whole > 0 ? (rest / life.whole).toFixed(4) : "0");
  bar.classList.toggle("spent", rest === 0);
  word.textContent = rest > 0 ? "alive" : "expired";
  leftWords.textContent = rest > 0 ? `${spell(rest)} left` : "gone";
  const times = life.replaced === 1 ? "once" : `${life.replaced} times`;
  replacedWords.textContent = life.replaced > 0 ? `· replaced ${times} on this page` : "";
  trouble.hidden = auth.state.status === "signed-out" || !auth.state.reconnecting;
  const words = navigator.onLine ? "Reconnecting… You stay signed in." : "Offline. You stay signed in.";
  if (trouble.textContent !== words) trouble.textContent = words; // a screen reader says it when it changes
}

function spell(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}

auth.onChange(changed);
draw();
void auth.init();
addEventListener("offline", draw);
addEventListener("online", draw);
setInterval(() => document.visibilityState === "visible" && draw(), 1000);
