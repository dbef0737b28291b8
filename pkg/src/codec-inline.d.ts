/** The wasm file, gzipped, as base64; generated. */
declare const base64: string;
export default base64;
