// Documents of y-partyserver, as in its README: one Durable Object a room.
import { routePartykitRequest } from 'partyserver';
import { YServer } from 'y-partyserver';

export class Docs extends YServer {
  /** Text beside the frames of the document, which y-websocket's client does not bear: not in rooms where one may be. */
  onConnect(connection, context) {
    if (this.name === 'greeting') this.sendCustomMessage(connection, 'welcome');
    super.onConnect(connection, context);
  }

  onCustomMessage(_, message) {
    this.broadcastCustomMessage(message);
  }

  isReadOnly({ uri }) {
    return new URL(uri).searchParams.has('reader');
  }
}

/** What is private wants `?token=secret`. */
function admit(request, { name }) {
  if (name !== 'private') return;
  if (new URL(request.url).searchParams.get('token') !== 'secret') return new Response('no', { status: 401 });
}

export default {
  fetch: async (request, env) =>
    (await routePartykitRequest(request, env, { onBeforeConnect: admit })) ??
    new Response('Not found', { status: 404 }),
};
