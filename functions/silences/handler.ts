/** Appends the silences to each partition of the notifications topic when they have changed, and at least once a day. */
import { NAME } from '../../lib/app/name.ts'
import { GENERAL, KAFKA, REDIS } from '../../lib/app/settings/index.ts'
import { appendSilences, keptSilences } from '../../lib/app/silences.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { scheduled } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = scheduled(
  'silences',
  Connections,
  [GENERAL, KAFKA, REDIS],
  async ({ config, connections, scheduledFor }) => {
    const kept = await keptSilences(connections, config.env)
    return appendSilences(connections, config, await kept.read(), scheduledFor)
  },
  NAME,
)
