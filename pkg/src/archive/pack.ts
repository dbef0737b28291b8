/** Compresses bytes where the platform can. */
export async function pack(bytes: Uint8Array): Promise<{ update: Uint8Array<ArrayBuffer>; packed: boolean }> {
  if (typeof CompressionStream === 'undefined') return { update: new Uint8Array(bytes), packed: false };
  return { update: await through(bytes, new CompressionStream('deflate-raw')), packed: true };
}

/** What {@link pack} was given. */
export async function unpack({ update, packed }: { update: Uint8Array; packed: boolean }): Promise<Uint8Array> {
  return packed ? through(update, new DecompressionStream('deflate-raw')) : update;
}

async function through(bytes: Uint8Array, stream: CompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const source = new Response(bytes as Uint8Array<ArrayBuffer>).body as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Uint8Array(await new Response(source.pipeThrough(stream)).arrayBuffer());
}
