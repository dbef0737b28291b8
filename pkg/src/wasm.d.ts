declare module '*/rejoin_bg.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
