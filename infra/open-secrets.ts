/** Secrets that would be readable in a deployment, where everybody who may look at a function reads its variables. Pure. */
import type { Environment } from '../lib/app/settings/index.ts'
import { parseRedisUrl } from '../packages/runtime/adapters/redis/address.ts'

/** A sentence for each variable that holds a secret and would be handed on to the functions. Never with the secret. */
export function openSecrets(stage: string, env: Environment): string[] {
  const { username, password } = parseRedisUrl(env.REDIS_URL ?? '') ?? {}
  return [
    ...(username || password
      ? [
          `REDIS_URL: must hold neither a user nor a password in a deployment: put them into the secret sluice/${stage}/redis, as ` +
            '{"username": "…", "password": "…"}.',
        ]
      : []),
    ...(env.OTEL_EXPORTER_OTLP_HEADERS?.trim()
      ? [
          'OTEL_EXPORTER_OTLP_HEADERS: must not be set for a deployment, because such headers are credentials: put them into a secret, as ' +
            '{"authorization": "…"}, and name it in OTEL_HEADERS_SECRET.',
        ]
      : []),
  ]
}
