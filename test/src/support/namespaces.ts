import { type ChildProcess, execFileSync, fork, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { atExit } from './at-exit.js';
import { bound } from './bound.js';

/** For the machines' addresses. Nobody outside the namespaces sees it, so it cannot collide with a real network. */
const NETWORK = '10.77.0';
/** As long as the kernel allows a name of an interface to be. */
const MAX_NAME = 15;

/**
 * A machine of a network that exists only in Linux network namespaces: it has a loopback of its own and one address, and
 * reaches nothing but the other machines of its network.
 */
export interface Machine {
  readonly address: string;
  /** Runs a program on this machine with exactly this environment, its output piped. It ends with this process at the latest. */
  spawn(program: string, operands: readonly string[], env: Readonly<Record<string, string>>): ChildProcess;
  /** Opens a port of 127.0.0.1 here that leads to `target` (`host:port`) as this machine sees it. Returns `127.0.0.1:…`. */
  door(target: string): Promise<string>;
  /** Pulls the network cable: what is sent in either direction vanishes, and no connection is told. */
  unplug(): void;
  plugIn(): void;
}

export interface MachineNetwork {
  /** A new machine, up to 15 letters. */
  machine(name: string): Promise<Machine>;
  /** Ends the namespaces, once the processes in them have ended. They end with this process at the latest. */
  stop(): void;
}

/** Whether tests have to be skipped because this machine allows no namespaces, which it reports. CI skips none: there they fail. */
export function areNamespacesMissing(): boolean {
  // biome-ignore lint/style/noProcessEnv: tests have no config module
  if (process.env.CI) return false;
  const reason = missing();
  if (reason === undefined) return false;
  process.stderr.write(`Tests with several machines are SKIPPED: ${reason}\n`);
  return true;
}

/** A network without machines: a switch in a namespace of its own, so that nothing of it is seen on the host. No root is needed. */
export async function startMachineNetwork(): Promise<MachineNetwork> {
  const reason = missing();
  if (reason !== undefined) throw new Error(reason);
  const holders: ChildProcess[] = [];
  const doors: (() => void)[] = [];
  let addresses = 0;
  const stop = () => {
    callOff();
    for (const close of doors) close();
    for (const holder of holders) holder.kill('SIGKILL');
  };
  const callOff = atExit(stop);

  /** A namespace lives as long as a process in it. This one ends when its standard input does, that is, with us. */
  async function hold(command: readonly string[]): Promise<number> {
    const [program = '', ...operands] = [...command, 'sh', '-c', 'echo ready; exec cat'];
    const holder = spawn(program, operands, { stdio: ['pipe', 'pipe', 'inherit'] });
    holders.push(holder);
    await Promise.race([once(holder.stdout as NonNullable<ChildProcess['stdout']>, 'data'), rejectOnExit(holder)]);
    return holder.pid as number;
  }

  const hub = await hold(['unshare', '--user', '--map-root-user', '--net']);
  run(enter(hub), 'ip link add hub type bridge');
  run(enter(hub), 'ip link set hub up');

  return {
    async machine(name) {
      if (!new RegExp(`^[a-z0-9-]{1,${MAX_NAME}}$`).test(name)) throw new Error(`"${name}" is no name of a machine`);
      const pid = await hold([...enterUser(hub), 'unshare', '--net']);
      const address = `${NETWORK}.${++addresses}`;
      run(enter(hub), `ip link add ${name} type veth peer name eth0 netns ${pid}`);
      run(enter(hub), `ip link set ${name} master hub up`);
      run(enter(pid), 'ip link set lo up');
      run(enter(pid), `ip address add ${address}/24 dev eth0`);
      run(enter(pid), 'ip link set eth0 up');
      return {
        address,
        spawn(program, operands, env) {
          // Entering a namespace would undo what binds a process to its parent.
          const [command = '', ...rest] = [...enter(pid), ...bound(program, operands).flat()];
          return spawn(command, rest, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        },
        async door(target) {
          const { address: here, close } = await openDoor(enter(pid), target);
          doors.push(close);
          return here;
        },
        unplug: () => run(enter(hub), `ip link set ${name} down`),
        plugIn: () => run(enter(hub), `ip link set ${name} up`),
      };
    },
    stop,
  };
}

function enterUser(pid: number): string[] {
  return ['nsenter', '--target', `${pid}`, '--user', '--preserve-credentials'];
}

function enter(pid: number): string[] {
  return [...enterUser(pid), '--net'];
}

function run(launcher: readonly string[], command: string): void {
  const [program = '', ...operands] = [...launcher, ...command.split(' ')];
  execFileSync(program, operands, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Why there can be no namespaces here; undefined when there can. */
function missing(): string | undefined {
  const said = ({ error, stderr }: SpawnSyncReturns<string>) => (error ? error.message : stderr.trim());
  const version = spawnSync('ip', ['-Version'], { encoding: 'utf8' });
  if (version.status !== 0) return `install iproute2 (${said(version)})`;
  const tried = spawnSync(
    'unshare',
    ['--user', '--map-root-user', '--net', 'ip', 'link', 'add', 'hub', 'type', 'bridge'],
    {
      encoding: 'utf8',
    },
  );
  return tried.status === 0 ? undefined : `the system allows no network namespaces (${said(tried)})`;
}

async function rejectOnExit(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`a namespace could not be made (exit status ${code})`);
}

/** Connections are accepted here and handed to a process over there, which is allowed to hold both ends. */
async function openDoor(launcher: readonly string[], target: string): Promise<{ address: string; close: () => void }> {
  const script = fileURLToPath(new URL('../../dist/support/door-process.js', import.meta.url));
  const [execPath, ...operands] = [...launcher, process.execPath];
  const porter = fork(script, [target], { execPath, execArgv: operands });
  const server = createServer({ pauseOnConnect: true }, (socket) => porter.send('open', socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return {
    address: `127.0.0.1:${address.port}`,
    close() {
      server.close();
      porter.kill('SIGKILL');
    },
  };
}
