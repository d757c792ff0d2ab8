// A small W3C WebDriver client for one window: https://www.w3.org/TR/webdriver2/

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const ANSWERS_WITHIN_MS = 60_000;

/** Asks `look` until it gives something other than undefined and false; fails with what was waited for. */
export async function until(what, look, withinMs = 60_000) {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

/** One session: a window that the driver opened. */
export class Page {
  /** Opens the program and its window. */
  static async open(driver, binary, args) {
    const page = new Page(driver);
    const options = { "webkitgtk:browserOptions": { binary, args } };
    const { sessionId } = await page.ask("POST", "/session", { capabilities: { alwaysMatch: options } });
    page.session = sessionId;
    return page;
  }

  constructor(driver) {
    this.driver = driver;
    this.session = undefined;
  }

  async ask(method, path, body) {
    const response = await fetch(this.driver + path, {
      method, signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const { value } = await response.json();
    if (response.ok) return value;
    throw Object.assign(new Error(`${value.error}: ${value.message}`), { code: value.error });
  }

  in(method, path, body) {
    return this.ask(method, `/session/${this.session}${path}`, body);
  }

  /** Runs a function of the page, by its source; a promise is waited for. */
  run(work, ...args) {
    const script = `const done = arguments[arguments.length - 1]; Promise.resolve((${work}).apply(null, Array.from(arguments).slice(0, -1))).then((value) => done({ value }), (error) => done({ error: typeof error === "object" ? JSON.stringify(error) : String(error) }))`;
    return this.in("POST", "/execute/async", { script, args }).then(({ value, error }) => {
      if (error !== undefined) throw new Error(`the page answered: ${error}`);
      return value;
    });
  }

  /** The element that a CSS selector finds, once there is one. */
  async find(css, withinMs) {
    return until(css, async () => {
      try {
        return (await this.in("POST", "/element", { using: "css selector", value: css }))[ELEMENT];
      } catch (error) {
        // "Stale": the page was drawn anew between the search and the answer.
        if (["no such element", "stale element reference"].includes(error.code)) return undefined;
        throw error;
      }
    }, withinMs);
  }

  /** Acts on what a selector finds; once more where the page has just drawn it anew. */
  async act(css, withinMs, deed) {
    return until(`${css} that holds still`, async () => {
      const element = await this.find(css, withinMs);
      try {
        return (await deed(element)) ?? true;
      } catch (error) {
        if (["stale element reference", "element not interactable", "element click intercepted"].includes(error.code)) return undefined;
        throw error;
      }
    });
  }

  /** The text as it is drawn. The driver's own "text" leaves out whatever may be cut off by an ellipsis, seen or not. */
  text(css, withinMs) {
    return this.act(css, withinMs, (element) =>
      this.in("POST", "/execute/sync", { script: "return arguments[0].innerText", args: [{ [ELEMENT]: element }] }));
  }

  attribute(css, name, withinMs) {
    return this.act(css, withinMs, (element) => this.in("GET", `/element/${element}/attribute/${name}`));
  }

  click(css, withinMs) {
    return this.act(css, withinMs, (element) => this.in("POST", `/element/${element}/click`, {}));
  }

  type(css, text) {
    return this.act(css, undefined, (element) => this.in("POST", `/element/${element}/value`, { text }));
  }

  /** Presses the button that says this, once it can be pressed. */
  press(text) {
    return until(`a button "${text}"`, () => this.run((said) => {
      const button = Array.from(document.querySelectorAll("button"))
        .find((one) => !one.disabled && (one.textContent.trim() === said || one.getAttribute("aria-label") === said));
      button?.click();
      return button !== undefined;
    }, text));
  }

  /** Clicks the last of what a selector finds that can be pressed and says this, once there is one, wherever it lies. */
  pressLast(css, text = "") {
    return until(`${css} "${text}" that can be pressed`, () => this.run((selector, said) => {
      const found = Array.from(document.querySelectorAll(selector)).filter((one) => !one.disabled && one.textContent.includes(said)).at(-1);
      found?.click();
      return found !== undefined;
    }, css, text));
  }

  /** Chooses the first option with this text of a field whose list was opened. */
  choose(field, text) {
    return until(`an option "${text}"`, () => this.run((css, wanted) => {
      const list = document.getElementById(document.querySelector(css).getAttribute("aria-controls") ?? "");
      const option = Array.from(list?.querySelectorAll('[role="option"]') ?? []).find((one) => one.textContent.includes(wanted));
      option?.click();
      return option !== undefined;
    }, field, text));
  }

  /** Goes to another page of the window, and waits until its heading stands there; from one order to the next it is the same. */
  async go(hash) {
    await this.run((to) => {
      const page = (text) => text.split("?")[0].split("/").map((part, nth) => (nth === 4 ? "" : part)).join("/");
      if (page(to) !== page(location.hash)) document.querySelector("h1")?.setAttribute("data-e2e-left", "");
      location.hash = to;
    }, hash);
    await this.find("h1:not([data-e2e-left])");
  }

  /** The text of everything that a selector finds, now. */
  texts(css) {
    return this.run((selector) => Array.from(document.querySelectorAll(selector), (element) => element.textContent), css);
  }

  source() {
    return this.in("GET", "/source");
  }

  async picture() {
    return Buffer.from(await this.in("GET", "/screenshot"), "base64");
  }

  /** A picture once what was drawn has reached the screen: the driver may give the one of before for a moment. */
  async stillPicture() {
    await this.run(() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)); }));
    let last = await this.picture();
    for (let tries = 0; tries < 5; tries += 1) {
      const next = await this.picture();
      if (next.equals(last)) break;
      last = next;
    }
    return last;
  }

  reload() {
    return this.in("POST", "/refresh", {});
  }

  end() {
    return this.in("DELETE", "").catch(() => undefined);
  }
}
