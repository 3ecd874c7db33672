// @ts-check
/// <reference types="node" />
// Starts the bundle beside this file from V8's code cache: most of what a short command takes is the compilation of its
// JavaScript. A cache is of one command, and holds the functions that it called the last time that there was none.
// What is before these lines is written when the bundle is built:
/** @type {{ name: string, id: string, commands: string[] }} */
// @ts-expect-error -- declared there
const built = bundle;

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

const file = path.join(__dirname, `${built.name}.bundle.js`);
const command = process.argv.slice(2).find((word) => built.commands.includes(word)) ?? 'other';
const directory = cacheDirectory();
const cache = directory && path.join(directory, [built.name, command, built.id, process.version].join('-'));
const cachedData = cache && readOwn(cache);

// One byte for each character: the bundle is ASCII.
const source = fs.readFileSync(file, 'latin1');
const script = new vm.Script(source, { filename: file, ...(cachedData && { cachedData }) });
const module_ = { exports: {} };
script
  .runInThisContext()
  .call(module_.exports, module_.exports, createRequire(file), module_, file, path.dirname(file));

if (cache && (cachedData === undefined || script.cachedDataRejected === true)) {
  process.once('exit', (status) => {
    // What an error stopped has not called what the command calls.
    if (status === 0) writeOwn(cache, script.createCachedData());
  });
}

/**
 * Code that we run is read only from where nobody else writes. The directory is gone after a boot, and so is whatever a
 * power failure leaves of a file.
 *
 * @returns {string | undefined}
 */
function cacheDirectory() {
  for (const parent of ['/run', process.env['XDG_RUNTIME_DIR']]) {
    try {
      if (parent !== undefined && parent !== '' && isOwn(fs.statSync(parent)))
        return path.join(parent, 'ns-code');
    } catch {
      // It is not there, or not for us to see.
    }
  }
  return undefined;
}

/** @param {import('node:fs').Stats} stat */
function isOwn(stat) {
  return stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;
}

/** @param {string} from */
function readOwn(from) {
  let fd;
  try {
    fd = fs.openSync(from, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    return isOwn(fs.fstatSync(fd)) ? fs.readFileSync(fd) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/**
 * A cache that cannot be written is done without.
 *
 * @param {string} to
 * @param {Buffer} data
 */
function writeOwn(to, data) {
  const next = `${to}.${process.pid}`;
  try {
    fs.mkdirSync(path.dirname(to), { mode: 0o700, recursive: true });
    fs.writeFileSync(next, data, { mode: 0o600, flag: 'wx' });
    fs.renameSync(next, to);
  } catch {
    fs.rmSync(next, { force: true });
  }
}
