import { once } from 'node:events'
import { createServer } from 'node:net'
import { ConfigurationError } from './support/framework.ts'

interface Parts {
  start(): void
  stop(): Promise<void> | undefined
}

/** Members of serverless-offline that the trigger replaces. */
interface Offline {
  start(): Promise<void>
  end(skipExit?: boolean): Promise<void>
}

/**
 * Starts and stops the trigger with plain `serverless offline`, which starts, runs and ends within a single hook. It calls `start`
 * and `end` through its own properties, so both are replaced once all plugins are initialized.
 *
 * @returns false if serverless-offline is not among the plugins
 */
export function followOffline(plugins: readonly object[], { start, stop }: Parts): boolean {
  const offline = plugins.find(plugin => plugin.constructor.name === 'ServerlessOffline') as
    | Offline
    | undefined
  if (!offline) return false
  const startOffline = offline.start.bind(offline)
  const endOffline = offline.end.bind(offline)
  offline.start = async () => {
    start()
    await startOffline()
  }
  offline.end = async (...args) => {
    await stop()
    await endOffline(...args)
  }
  return true
}

/**
 * Checks that serverless-offline can listen on the port of its Lambda API.
 *
 * @throws ConfigurationError if the port is in use. The message names the option that sets another port.
 */
export async function requireLambdaPort({
  host = 'localhost',
  lambdaPort = 3002,
}: Readonly<Record<string, unknown>>): Promise<void> {
  const server = createServer()
  try {
    await once(server.listen({ host: String(host), port: Number(lambdaPort) }), 'listening')
  } catch (error) {
    // serverless-offline reports all other errors itself.
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return
    throw new ConfigurationError(
      `port ${lambdaPort}, which serverless-offline needs for its Lambda API, is in use: stop the program that listens there, or set ` +
        `another port with --lambdaPort ${Number(lambdaPort) + 1} (or custom.serverless-offline.lambdaPort)`,
    )
  } finally {
    await new Promise(resolve => server.close(resolve))
  }
}
