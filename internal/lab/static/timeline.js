// The time line: what was asked and answered, in chapters, one for each button pressed. The newest chapter is on top, and
// each is read downwards. Every line stands between the lanes of who asked and who answered.

const lanes = { a: "Tab A", b: "Tab B", server: "Mayfly", phone: "Phone", thief: "Thief" };

// element makes an element with a class and what is in it.
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const tone = (status) => (status < 300 ? "ok" : "no");

export class Timeline {
  #list;
  #events; // of the newest chapter
  #say;

  // say gets each sentence as it is written, for the caption.
  constructor(box, say) {
    this.#list = box;
    this.#say = say;
  }

  chapter(title) {
    this.#events = element("ol", "events");
    this.#list.prepend(element("li", "chapter", element("h3", "", title), this.#events));
    while (this.#list.childElementCount > 30) this.#list.lastElementChild.remove();
  }

  #add(className, from, to, ...words) {
    for (const lane of [from, to]) if (lane === "phone" || lane === "thief") this.#list.classList.add(`has-${lane}`);
    const rails = element("span", "rails", element("i", `arrow out from-${from} to-${to}`));
    rails.ariaHidden = "true";
    const line = element("li", `event ${className}`, rails, element("div", "words", ...words));
    line.classList.add(`by-${from}`);
    this.#events.append(line);
    return { line, rails, words: line.lastElementChild };
  }

  // exchange draws a request; its answer is drawn when it comes, or does not.
  exchange(lane, title, shows) {
    const what = element("p", "what", element("b", "who", lanes[lane]), " ", element("code", "", title));
    if (shows) what.append(" ", element("span", "shows", `shows ${shows}`));
    const { line, rails, words } = this.#add("exchange", lane, "server", what);
    const back = (extra) => rails.append(element("i", `arrow back from-server to-${lane} ${extra}`));
    return {
      answer: (status, says, gets) => {
        back(tone(status));
        const answer = element("p", "answer", element("b", `status ${tone(status)}`, String(status)));
        if (gets) answer.append(" ", gets);
        words.append(answer);
        this.#explain(words, says, line);
      },
      lose: (says) => {
        back("lost");
        words.append(element("p", "answer", element("b", "status lost", "lost"), " the answer never arrives"));
        this.#explain(words, says, line);
      },
    };
  }

  // swarm draws many requests at once: each is a dot that takes the colour of its answer.
  swarm(lane, title, count, shows) {
    const dots = Array.from({ length: count }, () => element("i", ""));
    const cloud = element("span", "swarm", ...dots);
    cloud.ariaHidden = "true";
    const what = element(
      "p",
      "what",
      element("b", "who", lanes[lane]),
      " ",
      element("code", "", `${count} × ${title}`),
    );
    if (shows) what.append(" ", element("span", "shows", `shows ${shows}`));
    const { line, rails, words } = this.#add("exchange", lane, "server", what, cloud);
    let answered = 0;
    return {
      one: (status) => {
        dots[answered].className = tone(status);
        answered += 1;
      },
      done: (status, says) => {
        rails.append(element("i", `arrow back from-server to-${lane} ${tone(status)}`));
        words.append(element("p", "answer", element("b", `status ${tone(status)}`, `${answered} × ${status}`)));
        this.#explain(words, says, line);
      },
    };
  }

  // turn draws time that passed.
  turn(title, says) {
    const line = element("li", "event turn", element("div", "words", element("p", "what", element("b", "", title))));
    this.#events.append(line);
    this.#explain(line.lastElementChild, says, line);
  }

  // note draws what happens at one place, or between two that are not asking each other anything.
  note(from, to, title, says) {
    const { line, words } = this.#add("note", from, to, element("p", "what", element("b", "", title)));
    this.#explain(words, says, line);
  }

  // moral ends a chapter with what it showed.
  moral(says) {
    const line = element("li", "event moral", element("div", "words"));
    this.#events.append(line);
    this.#explain(line.lastElementChild, says, line);
  }

  #explain(words, says, line) {
    words.append(element("p", "says", says));
    line.classList.add("told");
    this.#say(says);
  }
}
