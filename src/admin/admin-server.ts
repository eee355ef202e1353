import { fastify } from 'fastify';
import type { Log } from '../env/log.ts';
import { type ReloadAnswer, reloadAnswer, type SystemStatus, systemStatus } from './schema.ts';
import { isTrustedHost } from './trusted-host.ts';

/** The API takes no input beyond its path. */
const BODY_LIMIT_BYTES = 1024;
const REQUEST_MILLISECONDS = 5_000;

interface AdminOptions {
  readonly host: string;
  readonly port: number;
  /** What GET /status answers; called for each request. */
  readonly status: () => SystemStatus;
  /** What POST /reload does, and answers. */
  readonly reload: () => Promise<ReloadAnswer>;
  readonly log: Log;
}

/** The admin API of one storage system (schema.ts), over HTTP. */
export class AdminServer {
  readonly #options: AdminOptions;
  readonly #server = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_MILLISECONDS,
    forceCloseConnections: true,
  });

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#server.addHook('onRequest', async (request, reply) => {
      if (!isTrustedHost(request.headers.host))
        return reply.code(403).send({ error: 'write an IP address or localhost in the URL' });
      // A browser says so when a page of elsewhere has it send something.
      if (request.headers.origin !== undefined) return reply.code(403).send({ error: 'not for web pages' });
    });
    this.#server.get('/status', () => systemStatus.parse(this.#options.status()));
    this.#server.post('/reload', async () => reloadAnswer.parse(await this.#options.reload()));
    this.#server.setErrorHandler((error, request, reply) => {
      const code = statusCodeOf(error);
      if (code >= 500) options.log.error({ err: error, url: request.url }, 'an admin request failed');
      return reply.code(code).send({ error: code >= 500 ? 'internal error' : String(error) });
    });
  }

  /** Rejects with an Error whose `code` is the errno name. Gives the address, e.g. 'http://127.0.0.1:7801'. */
  listen(): Promise<string> {
    return this.#server.listen({ host: this.#options.host, port: this.#options.port });
  }

  /** Ends open connections too. */
  async close(): Promise<void> {
    await this.#server.close();
  }
}

function statusCodeOf(error: unknown): number {
  const code = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof code === 'number' && code >= 400 ? code : 500;
}
