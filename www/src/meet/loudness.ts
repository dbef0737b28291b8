/** How often a track is listened to, in milliseconds. */
const EVERY = 100;
/** Mean amplitude, of 1, above which somebody speaks. */
const SPEECH = 0.02;
/** Pauses between words are not silence, in milliseconds. */
const PAUSE = 500;

/** One for all tracks: browsers allow few of them. */
let context: AudioContext | null = null;
let listeners = 0;

/** Tells when somebody begins and ends to speak. What it hears stays in this page. Returns the function that stops it. */
export function hear(track: MediaStreamTrack, onSpeaking: (speaking: boolean) => void): () => void {
  context ??= new AudioContext();
  listeners++;
  const analyser = context.createAnalyser();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let heardAt = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const now = performance.now();
    if (loudness(samples) > SPEECH) heardAt = now;
    onSpeaking(now - heardAt < PAUSE);
  }, EVERY);
  return () => {
    clearInterval(timer);
    source.disconnect();
    letGo();
  };
}

function letGo(): void {
  listeners--;
  if (listeners > 0) return;
  void context?.close();
  context = null;
}

function loudness(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
