// Loaded before a program that would listen on all addresses: it listens on 127.0.0.1.
import { Server } from 'node:net';

const { listen } = Server.prototype;
Server.prototype.listen = function (where, ...rest) {
  if (typeof where === 'object') return listen.call(this, { ...where, host: '127.0.0.1' }, ...rest);
  return listen.call(this, where, '127.0.0.1');
};
