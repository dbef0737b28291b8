/** Something a person has to know: what is missing or broken, and the command that mends it. */
export class Failure extends Error {
  constructor(message, hint) {
    super(message);
    this.name = 'Failure';
    this.hint = hint;
  }
}

/** Runs a script's main function; prints a failure as words, not as a stack. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`\n✗ ${error.message}`);
    if (error.hint) console.error(`  → ${error.hint.replaceAll('\n', '\n    ')}`);
    process.exitCode = 1;
  }
}
