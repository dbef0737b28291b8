// What an app was told of each word it typed, kept where no crash of a browser reaches it: the judge of the promises.

/** How often each word `<run.number>` stands in a text. */
function countWords(text) {
  const counts = new Map();
  for (const [, word] of text.matchAll(/<(\w+\.\d+)>/g)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** What runs of a page were told: up to which word everything was `saved`, and `synced`. */
export class Ledger {
  #runs = new Map();

  /** Takes what a page says: `{ run, typed, level }`. */
  hear(text) {
    const { run, typed, level } = JSON.parse(text);
    const told = this.#runs.get(run) ?? { saved: 0, synced: 0 };
    this.#runs.set(run, { ...told, [level]: Math.max(told[level], typed) });
  }

  /** Up to which word a run was told so. */
  told(run, level) {
    return this.#runs.get(run)?.[level] ?? 0;
  }

  /** How many words were told so, of all runs. */
  total(level) {
    return [...this.#runs.values()].reduce((sum, told) => sum + told[level], 0);
  }

  /** The user deleted what the device kept: nothing of it is promised any more. */
  forgetSaved() {
    for (const told of this.#runs.values()) told.saved = 0;
  }

  /** What breaks the promises in a text: words that were told to be there and are not, and words that are there twice. */
  faults(text, level) {
    const counts = countWords(text);
    const lost = [...this.#runs].flatMap(([run, told]) =>
      Array.from({ length: told[level] }, (_, number) => `${run}.${number}`).filter((word) => !counts.has(word)),
    );
    const twice = [...counts].filter(([, count]) => count > 1).map(([word]) => word);
    return { lost, twice, gaps: gaps(counts) };
  }
}

/** Words without the one before them: a run types in order, so what is kept of it has no hole. */
function gaps(counts) {
  const before = (word) => {
    const [run, number] = word.split('.');
    return Number(number) === 0 || counts.has(`${run}.${Number(number) - 1}`);
  };
  return [...counts.keys()].filter((word) => !before(word));
}
