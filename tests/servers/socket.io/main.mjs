// socket.io 4.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { cors: { origin: '*' } });

io.on('connection', (socket) => {
  socket.on('echo', (data, acknowledge) => {
    socket.emit('echoed', data);
    acknowledge?.(data);
  });
});

const guarded = io.of('/private');
guarded.use(({ handshake }, next) => next(handshake.auth.token === 'secret' ? undefined : new Error('token wanted')));
guarded.on('connection', (socket) => {
  socket.on('echo', (data, acknowledge) => acknowledge(data));
});

http.listen(Number(process.env.PORT), '127.0.0.1');
