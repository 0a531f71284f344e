// Loaded into workers before anything of theirs (NODE_OPTIONS=--import): tells which of them is at which photo, lets a test
// stop it there, and dies of a photo as native code does. slow-motion.ts is the other end.
import { existsSync, promises, readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

// biome-ignore lint/style/noProcessEnv: how the test tells this process what to do
const { SLOW_MOTION_DIR: folder, SLOW_MOTION_DOWNLOAD_MS: downloadMs = '0' } = process.env;
const { open, unlink } = promises;

/** Name of the upload that a path belongs to, undefined when it is another file's. */
function uploadOf(path) {
  return /\/uploads\/([^/]+)$/.exec(String(path))?.[1];
}

/** The employee whose reference photo a path belongs to. */
function employeeOf(path) {
  return /\/employees\/([^/]+)\/face_[^/]*$/.exec(String(path))?.[1];
}

function note(moment, subject) {
  writeFileSync(`${folder}/${moment}.${subject}`, `${process.pid}`);
}

async function pass(moment, upload) {
  note(moment, upload);
  const holds = [`${folder}/hold-${moment}`, `${folder}/hold-${moment}.${upload}`];
  while (holds.some((hold) => existsSync(hold))) await sleep(10);
}

promises.open = async (path, ...rest) => {
  const upload = uploadOf(path);
  const subject = upload ?? employeeOf(path);
  if (subject === undefined) return open(path, ...rest);
  if (upload !== undefined) {
    await pass('download', upload);
    await sleep(Number(downloadMs));
    if (existsSync(path) && readFileSync(path).includes('kills whoever reads it')) process.kill(process.pid, 'SIGKILL');
  }
  const file = await open(path, ...rest);
  const { close } = file;
  file.close = async () => {
    await close.call(file);
    note('inference', subject);
  };
  return file;
};

promises.unlink = async (path) => {
  const upload = uploadOf(path);
  if (upload !== undefined) await pass('removal', upload);
  return unlink(path);
};

syncBuiltinESMExports();
