// Joins the connections that it is handed to an address of the network that it runs in; see namespaces.ts.
import { connect, type Socket } from 'node:net';

const [host = '', port = ''] = (process.argv[2] ?? '').split(':');

process.on('message', (_message, here: Socket) => {
  const there = connect(Number(port), host);
  here.pipe(there).pipe(here);
  const end = () => {
    here.destroy();
    there.destroy();
  };
  for (const socket of [here, there]) socket.on('error', end).on('close', end);
});
process.on('disconnect', () => process.exit());
