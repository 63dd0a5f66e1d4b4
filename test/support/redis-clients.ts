import { RedisClient } from '../../lib/adapters/redis/client.ts'

/** Runs on a client of its own, and closes it. */
export async function withClient<T>(
  settings: ConstructorParameters<typeof RedisClient>[0],
  use: (client: RedisClient) => Promise<T>,
): Promise<T> {
  const client = new RedisClient(settings)
  try {
    return await use(client)
  } finally {
    client.close()
  }
}
