import { RedisClient } from '../../adapters/redis/client.ts'

/** Runs `use` with a new client, and closes the client afterwards. */
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
