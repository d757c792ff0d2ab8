// Starts the real window under WebKitWebDriver, and looks at its process and its files.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";

import { Page, until } from "./webdriver.mjs";

/** The program under test. */
export const APP = process.env.FOREDECK_APP;
const WORK = process.env.FOREDECK_E2E_FOLDER;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Everything that was said on stdout and stderr, by every program started here. */
export const outputs = [];

let started = 0;
const running = new Set();
const windows = new Set();
let last;

/** Starts a program whose output is kept in a file of its own: another test's process starts others. */
export function start(program, args, env = {}) {
  mkdirSync(WORK, { recursive: true });
  const output = path.join(WORK, `${process.pid}-${(started += 1)}-${path.basename(program)}.out`);
  outputs.push(output);
  const file = openSync(output, "a");
  const child = spawn(program, args, { stdio: ["ignore", file, file], env: { ...process.env, ...env } });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return Object.assign(child, { output });
}

/** Ends one program. */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** Ends what a failed test left behind. */
export async function stopAll() {
  for (const pid of windows) {
    if (isAlive(pid)) process.kill(Number(pid), "SIGKILL");
  }
  windows.clear();
  await Promise.all([...running].map(stop));
}

/** Opens the window with these arguments; `env` is that of the program. */
export async function open(args, env = {}) {
  const port = await freePort();
  const driver = start("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
    TAURI_WEBVIEW_AUTOMATION: "true", FOREDECK_E2E: "1", ...env,
  });
  const url = `http://127.0.0.1:${port}`;
  await until("WebKitWebDriver", () => fetch(`${url}/status`).then((answer) => answer.ok, () => undefined));
  const began = performance.now();
  const page = await Page.open(url, APP, args);
  const pid = await until("the program", () => findProcess(args));
  windows.add(pid);
  last = page;
  return { page, driver, pid, began };
}

/** Keeps a picture of the window that was opened last, where it still stands. */
export async function lastPicture(file) {
  try {
    writeFileSync(file, await last.picture());
  } catch {
    // There is no window to take a picture of.
  }
}

/** Keeps a picture of what stands in the window, for people to look at. */
export async function picture(page, name) {
  writeFileSync(path.join(process.env.FOREDECK_E2E_PICTURES, `${name}.png`), await page.stillPicture());
}

/** What the mirror file of a folder holds, read past the program: `expression` is a dict of Python, `rows` reads by SQL. */
export function readMirror(folder, expression) {
  const file = path.join(folder, readdirSync(folder).find((name) => name.endsWith(".mirror")));
  const script = `
import json, sqlite3, sys
of = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
rows = lambda sql: of.execute(sql).fetchall()
print(json.dumps(${expression}))`;
  return JSON.parse(execFileSync("python3", ["-c", script, file], { encoding: "utf8", timeout: 60_000 }));
}

/** Closes the window as a person does and waits until the program is gone; gives the milliseconds it took. */
export async function quit({ page, driver, pid }) {
  const began = performance.now();
  execFileSync(path.join(import.meta.dirname, "close_window.py"), [pid], { timeout: 10_000 });
  await until("the program has ended", () => !isAlive(pid));
  const took = performance.now() - began;
  await page.end();
  await stop(driver);
  return Math.round(took);
}

/** Types a path into the file dialog that the program shows, and accepts it. */
export function chooseFile(pid, file) {
  execFileSync(path.join(import.meta.dirname, "choose_file.py"), [pid, file], { timeout: 90_000 });
}

function findProcess(args) {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).find((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(1, -1);
      return readlinkSync(`/proc/${pid}/exe`) === APP && line.join("\0") === args.join("\0") && isAlive(pid);
    } catch {
      return false;
    }
  });
}

function isAlive(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Resident memory in MiB: the program's own, and that of its whole tree. */
export function memory(pid) {
  const parents = new Map();
  const resident = new Map();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      parents.set(name, /^PPid:\s+(\d+)/m.exec(status)?.[1]);
      resident.set(name, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It ended meanwhile.
    }
  }
  const below = (name) => name === pid || (parents.has(name) && below(parents.get(name)));
  const tree = [...resident.keys()].filter(below).reduce((sum, name) => sum + resident.get(name), 0);
  return { app: Math.round(resident.get(pid) ?? 0), tree: Math.round(tree) };
}

/** Every file below a folder. */
export function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

/** The files that hold a text. */
export function filesWith(files, text) {
  return files.filter((file) => statSync(file).size > 0 && readFileSync(file).includes(text));
}
