import { SyncError } from '../errors.js';

/** Bytes of a document that is unpacked at most: others may have packed it. */
const MOST = 64 << 20;

/** Compresses bytes where the platform can. */
export async function pack(bytes: Uint8Array): Promise<{ update: Uint8Array<ArrayBuffer>; packed: boolean }> {
  if (typeof CompressionStream === 'undefined') return { update: new Uint8Array(bytes), packed: false };
  return { update: await through(bytes, new CompressionStream('deflate-raw')), packed: true };
}

/** What {@link pack} was given. Rejects with `E_UPDATE` for what is nothing of that kind, or too much. */
export async function unpack({ update, packed }: { update: Uint8Array; packed: boolean }): Promise<Uint8Array> {
  if (!packed) return update;
  try {
    return await through(update, new DecompressionStream('deflate-raw'));
  } catch (cause) {
    throw new SyncError('E_UPDATE', `a version cannot be unpacked (${String(cause)})`, { cause });
  }
}

async function through(bytes: Uint8Array, stream: CompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const source = new Response(bytes as Uint8Array<ArrayBuffer>).body as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Uint8Array(await new Response(source.pipeThrough(stream).pipeThrough(limited())).arrayBuffer());
}

function limited(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let left = MOST;
  return new TransformStream({
    transform: (piece, controller) => {
      left -= piece.byteLength;
      if (left < 0) controller.error(new RangeError(`more than ${MOST} bytes`));
      else controller.enqueue(piece);
    },
  });
}
