/** Connects the reader of discarded records to S3. */
import type { KafkaClients } from '#runtime/lambda/kafka-clients.ts'
import { once } from '#runtime/lambda/once.ts'
import type { OnFailurePorts } from '../failures/on-failure/messages.ts'

/** Returns a reader of the objects that Lambda writes to an on-failure destination. The SDK is loaded on first use. */
export function objectReader(connections: Pick<KafkaClients, 'register'>): OnFailurePorts['readObject'] {
  const open = once(async () => {
    const { DiscardedObjects } = await import('../failures/adapters/discarded-objects.ts')
    return connections.register(new DiscardedObjects())
  })
  return async place => (await open()).read(place)
}
