/** Finds secrets in environment variables, which everyone with read access to a function can see. Pure. */
import type { Environment } from '../lib/app/settings/index.ts'
import { parseRedisUrl } from '../packages/runtime/adapters/redis/address.ts'

/** Returns one sentence for each variable with a secret that would be passed to functions. The sentences do not contain the secrets. */
export function openSecrets(stage: string, env: Environment): string[] {
  const { username, password } = parseRedisUrl(env.REDIS_URL ?? '') ?? {}
  return [
    ...(username || password
      ? [
          `REDIS_URL: must not contain a user or a password in a deployment. Put them into the secret sluice/${stage}/redis, as ` +
            '{"username": "…", "password": "…"}.',
        ]
      : []),
    ...(env.OTEL_EXPORTER_OTLP_HEADERS?.trim()
      ? [
          'OTEL_EXPORTER_OTLP_HEADERS: must not be set for a deployment, because such headers are credentials. Put them into a secret, as ' +
            '{"authorization": "…"}, and set OTEL_HEADERS_SECRET to its name.',
        ]
      : []),
  ]
}
