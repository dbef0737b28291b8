import { afterEach, describe, expect, test, vi } from 'vitest';
import { fromBase64, gunzip, loadCore, type Platform, type WasmSource } from '../src/load.js';
import { documents as browser } from '../src/platform.js';
import { lazyRuntime } from '../src/runtime.js';
import { FakeWorld } from './support/fake-core.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const EMPTY = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const wasmHeaders = { headers: { 'content-type': 'application/wasm' } };

function platform(
  file: () => WasmSource | Promise<WasmSource>,
): Platform & { readonly inline: ReturnType<typeof vi.fn> } {
  return {
    name: 'rejoin_bg.wasm',
    core: async () => new FakeWorld().module(),
    file,
    open: async () => new Response(EMPTY, wasmHeaders),
    inline: vi.fn(async () => EMPTY),
  };
}

function refused(): never {
  const text =
    "WebAssembly.compileStreaming(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive because neither 'wasm-eval' nor 'unsafe-eval' is an allowed source of script";
  throw new WebAssembly.CompileError(text);
}

describe('loading', () => {
  test('compiles what streams in, and leaves the inline copy alone', async () => {
    const streaming = vi.spyOn(WebAssembly, 'compileStreaming');
    const here = platform(() => new Response(EMPTY, wasmHeaders));
    await loadCore(here);
    expect(streaming).toHaveBeenCalledTimes(1);
    expect(here.inline).not.toHaveBeenCalled();
  });

  test('compiles wasm of a server that names no or another type', async () => {
    const here = platform(() => new Response(EMPTY, { headers: { 'content-type': 'application/octet-stream' } }));
    await loadCore(here);
    expect(here.inline).not.toHaveBeenCalled();
  });

  test.each([
    ['a missing file', () => new Response('gone', { status: 404 })],
    [
      'an index page',
      () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html; charset=utf-8' } }),
    ],
    ['a network that refuses', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['a damaged file', () => new Response('no wasm', wasmHeaders)],
    ['a failure whose address speaks of CSP', () => Promise.reject(new Error('no https://a.example/csp/x.wasm'))],
  ])('falls back to the inline copy for %s', async (_, file) => {
    const here = platform(file);
    await loadCore(here);
    expect(here.inline).toHaveBeenCalledTimes(1);
  });

  test('says what was got when nothing worked', async () => {
    const here = platform(() => new Response('gone', { status: 404, headers: { 'content-type': 'text/plain' } }));
    here.inline.mockRejectedValue(new Error('no such chunk'));
    await expect(loadCore(here)).rejects.toMatchObject({
      code: 'E_WASM_LOAD',
      retryable: true,
      message: expect.stringMatching(
        /rejoin_bg.wasm: got HTTP 404, text\/plain.*inline copy: no such chunk.*createClient\(\{ wasm \}\)/,
      ),
    });
  });

  test('names the directive when a content security policy forbids wasm, and tries nothing else', async () => {
    vi.spyOn(WebAssembly, 'compileStreaming').mockImplementation(async () => refused());
    const here = platform(() => new Response(EMPTY, wasmHeaders));
    await expect(loadCore(here)).rejects.toMatchObject({
      code: 'E_CSP',
      retryable: false,
      message: expect.stringContaining("'wasm-unsafe-eval'"),
    });
    expect(here.inline).not.toHaveBeenCalled();
  });

  test.each([
    ['a URL', new URL('https://a.example/x.wasm')],
    ['an address', 'https://a.example/x.wasm'],
    ['a response', new Response(EMPTY, wasmHeaders)],
    ['bytes', EMPTY],
    ['a buffer', EMPTY.buffer],
    ['a module', new WebAssembly.Module(EMPTY)],
  ])('takes %s from the app instead', async (_, source) => {
    const file = vi.fn();
    await loadCore(platform(file), source);
    expect(file).not.toHaveBeenCalled();
  });

  test('takes a response that was given once more where something else failed', async () => {
    const glue = vi.fn(async () => new FakeWorld().module());
    glue.mockRejectedValueOnce(new Error('no such chunk'));
    const start = lazyRuntime({ ...platform(() => EMPTY), core: glue });
    const response = new Response(EMPTY, wasmHeaders);
    await expect(start(response)).rejects.toMatchObject({ code: 'E_WASM_LOAD' });
    await start(response);
    expect(glue).toHaveBeenCalledTimes(2);
  });

  test('unpacks the inline copy', async () => {
    const packed = new Response(new Blob([EMPTY]).stream().pipeThrough(new CompressionStream('gzip')));
    const base64 = Buffer.from(await packed.arrayBuffer()).toString('base64');
    expect(new Uint8Array(await gunzip(fromBase64(base64)))).toEqual(EMPTY);
  });
});

test('the browser fetches the file beside the module', async () => {
  const fetched = vi.fn(async () => new Response(EMPTY, wasmHeaders));
  vi.stubGlobal('fetch', fetched);
  await browser.file();
  expect(String(fetched.mock.calls[0]?.at(0))).toMatch(/\/src\/rejoin_bg\.wasm$/);
});
