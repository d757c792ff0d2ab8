// Starts Prism on a port of this machine, and ends with whoever started it: when stdin closes, or after ten minutes.
// node serve.cjs FOLDER_OF_NODE_MODULES PORT SPECIFICATION
const path = require("node:path");

const [folder, port, specification] = process.argv.slice(2);
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
setTimeout(() => process.exit(1), 600_000).unref();
process.argv = [process.argv[0], "prism", "mock", "-h", "127.0.0.1", "-p", port, specification];
require(path.resolve(folder, "@stoplight/prism-cli/dist/index.js"));
