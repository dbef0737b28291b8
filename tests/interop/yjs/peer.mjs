// Our document in a process of its own, spoken to line by line.

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Builds the peer (quick when it is built) and starts it. */
export function startPeer() {
  const build = spawnSync('cargo', ['build', '--quiet', '--example', 'yjs_peer'], { stdio: 'inherit' });
  if (build.status !== 0) throw new Error('cargo could not build the peer');
  return new Peer(spawn('cargo', ['run', '--quiet', '--example', 'yjs_peer'], { stdio: ['pipe', 'pipe', 'inherit'] }));
}

class Peer {
  #process;
  #waiting = [];

  constructor(process) {
    this.#process = process;
    createInterface({ input: process.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(JSON.parse(line)));
    process.on('exit', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`the peer ended with ${code}`));
    });
  }

  ask(request) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  stop() {
    this.#process.stdin.end();
  }
}
