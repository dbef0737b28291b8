// What benchmarks that run real parts have in common.

/** Runs the benchmarks that the command line names, or all; what each started ends with it. */
export async function runEach(benches) {
  const wanted = process.argv.slice(2);
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length === 0 || wanted.includes(name)) await measured(bench);
  }
}

async function measured(bench) {
  const endings = [];
  console.log(`── ${bench.name}`);
  try {
    await bench({ after: (end) => endings.push(end) });
  } finally {
    for (const end of endings.reverse()) await end();
  }
}

/** The value below which the given part of them lies. */
export function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}
