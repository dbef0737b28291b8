import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Prints what is wrong, a line each; says whether nothing is. */
export function reportLines(lines) {
  for (const line of lines) console.error(line);
  if (lines.length === 0) console.log('ok');
  return lines.length === 0;
}

/** The same for a module that was called as a program, which fails then. */
export function reportAlone(url, check) {
  if (realpathSync(process.argv[1]) === fileURLToPath(url) && !reportLines(check())) process.exitCode = 1;
}
