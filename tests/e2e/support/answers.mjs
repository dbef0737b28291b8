// The demo's model, asked directly.

/** What the model answers, whole. */
export async function wholeAnswer(server, prompt) {
  const response = await fetch(`${server.url}/demo/answer?pace=0`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt }),
  });
  const events = (await response.text()).split('\n\n').filter((event) => event.includes('event: token'));
  return events.map(dataOf).join('');
}

function dataOf(event) {
  const lines = event.split('\n').filter((line) => line.startsWith('data:'));
  return lines.map((line) => line.replace(/^data: ?/, '')).join('\n');
}
