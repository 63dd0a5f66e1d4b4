import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type Installation, installed } from '../kit/install.ts'
import { modulePath, type Side, serverlessProject } from './sides.ts'

/** The other open triggers for serverless-offline. Only this benchmark needs them, so they are not dependencies. */

interface OtherTrigger extends Installation {
  /** @param folder where it is installed */
  side(folder: string): Side
}

const OTHERS: readonly OtherTrigger[] = [
  {
    name: 'serverless-offline-kafka-1.0.5',
    title: '@gabrielgollo/serverless-offline-kafka 1.0.5',
    packages: { 'serverless-offline-kafka': 'npm:@gabrielgollo/serverless-offline-kafka@1.0.5' },
    side: serverlessOfflineKafka,
  },
]

/** Returns those that can be installed here, by the names of their packages. Reports the others with the reason. */
export async function otherTriggers(signal: AbortSignal, say: (line: string) => void): Promise<Side[]> {
  const sides: Side[] = []
  for (const other of OTHERS) {
    try {
      sides.push(other.side(await installed(other, signal, say)))
    } catch (error) {
      signal.throwIfAborted()
      say(`${other.title} cannot be installed: ${error instanceof Error ? error.message : error}`)
    }
  }
  return sides
}

function serverlessOfflineKafka(folder: string): Side {
  const name = 'serverless-offline-kafka'
  return {
    name,
    ready: /Listening for Kafka events/,
    prepare: (options, project) =>
      serverlessProject(project, options, {
        plugin: name,
        isBeforeOffline: false,
        event: {
          // Without a window it never sends a batch that is not full.
          batchSize: options.window === 0 ? 1 : 100,
          consumerGroupId: `other-${randomUUID()}`,
          startingPosition: 'TRIM_HORIZON',
        },
        custom: { [name]: { disableSaslAuth: true, maximumBatchingWindowInSeconds: options.window } },
        links: { [modulePath(name)]: join(folder, modulePath(name)) },
      }),
  }
}
