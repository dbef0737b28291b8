import type { CoreModule, WasmModule } from './boundary.js';
import { SyncError, wordsOf } from './errors.js';

/** Where the wasm module may come from, for set-ups that the package does not know by itself. */
export type WasmSource = URL | string | Response | BufferSource | WebAssembly.Module;

/** Where one wasm module comes from in a browser, in Node or in a worker. Nothing of it runs before it is needed. */
export interface Platform<M extends WasmModule = CoreModule> {
  /** Name of the wasm file. */
  readonly name: string;
  /** Imports the generated glue. */
  readonly core: () => Promise<M>;
  /** Opens the wasm file that lies beside the package. */
  readonly file: () => WasmSource | Promise<WasmSource>;
  /** Opens a place the app named. */
  readonly open: (place: URL | string) => Promise<Response | BufferSource>;
  /** The copy that travels inside the package's JavaScript. */
  readonly inline: () => Promise<BufferSource>;
}

/** Loads the glue and the wasm module in parallel and instantiates it. */
export async function loadCore<M extends WasmModule>(platform: Platform<M>, source?: WasmSource): Promise<M> {
  const [core, wasm] = await Promise.all([loadGlue(platform), loadWasm(platform, source)]);
  try {
    await core.default({ module_or_path: wasm });
  } catch (error) {
    throw refusal(error) ?? failure(platform.name, [describe('instantiation', error)], error);
  }
  return core;
}

async function loadGlue<M extends WasmModule>(platform: Platform<M>): Promise<M> {
  try {
    return await platform.core();
  } catch (error) {
    throw failure(platform.name, [describe('glue', error)], error);
  }
}

async function loadWasm(platform: Platform<WasmModule>, source?: WasmSource): Promise<WebAssembly.Module> {
  const tried: string[] = [];
  const attempts = source === undefined ? [platform.file, platform.inline] : [() => again(source)];
  let last: unknown;
  for (const attempt of attempts) {
    try {
      return await compile(platform, await attempt());
    } catch (error) {
      if (error instanceof SyncError) throw error;
      tried.push(describe(attempt === platform.inline ? 'inline copy' : platform.name, error));
      last = error;
    }
  }
  throw failure(platform.name, tried, last);
}

async function compile(platform: Platform<WasmModule>, source: WasmSource): Promise<WebAssembly.Module> {
  if (isPlace(source)) return compile(platform, await platform.open(source));
  if (isModule(source)) return source;
  const given = isResponse(source) ? await readable(source) : source;
  // Only what compiles can be refused by a policy: a fetch that fails may speak of one in its address.
  try {
    return await (isResponse(given) ? WebAssembly.compileStreaming(given) : WebAssembly.compile(given));
  } catch (error) {
    throw refusal(error) ?? error;
  }
}

/** A body can be read once, and the next try comes with the same response. */
function again(source: WasmSource): WasmSource {
  return typeof source === 'object' && isResponse(source) ? source.clone() : source;
}

/** What of a response can be compiled: itself where it streams. */
async function readable(response: Response): Promise<Response | ArrayBuffer> {
  const type = response.headers.get('content-type') ?? '';
  const got = `HTTP ${response.status}${type && `, ${type}`} from ${response.url || 'the given response'}`;
  if (!response.ok) throw new Error(`got ${got}`);
  // Dev servers and single-page hosts answer an unknown path with their index page.
  if (type.startsWith('text/html')) throw new Error(`got a page instead of wasm: ${got}`);
  const streams = type.startsWith('application/wasm') && typeof WebAssembly.compileStreaming === 'function';
  return streams ? response : response.arrayBuffer();
}

// By what they have, not by `instanceof`: test runners mix realms, and some hosts lack these classes.
function isPlace(source: WasmSource): source is URL | string {
  return typeof source === 'string' || 'href' in source;
}

function isModule(source: object): source is WebAssembly.Module {
  return Object.prototype.toString.call(source) === '[object WebAssembly.Module]';
}

function isResponse(source: object): source is Response {
  return 'headers' in source && 'arrayBuffer' in source;
}

/** The error of a content security policy that forbids wasm, if it is one. */
function refusal(error: unknown): SyncError | null {
  const text = error instanceof Error ? `${error.name} ${error.message}` : String(error);
  if (!/content.security.policy|\bCSP\b|(unsafe|wasm)-eval/i.test(text)) return null;
  const message = "the page's content security policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src";
  return new SyncError('E_CSP', message, { cause: error });
}

function describe(what: string, error: unknown): string {
  return `${what}: ${wordsOf(error)}`;
}

function failure(name: string, tried: readonly string[], cause: unknown): SyncError {
  const fix = `serve ${name} beside the package or give createClient({ wasm })`;
  return new SyncError('E_WASM_LOAD', `the wasm module could not be loaded (${tried.join('; ')}); ${fix}`, { cause });
}

/** Bytes of base64 text. */
export function fromBase64(base64: string): BufferSource {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** Unpacks gzipped bytes with what every current browser, Node and worker has. */
export async function gunzip(bytes: BufferSource): Promise<ArrayBuffer> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}
