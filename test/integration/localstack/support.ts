import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '#local-servers/ports'
import type { ServiceEvent } from '#local-servers/report'
import type { ServicesOptions } from '../../../localstack/services/services-options.ts'

/** A folder for one test file, and its removal. */
export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-localstack-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Options for a test's own servers: free ports, and data and logs in its folder. */
export async function ownServices(folder: string, events: ServiceEvent[] = []) {
  return {
    kafka: { port: await freePort() },
    valkey: { port: await freePort() },
    aws: { port: await freePort() },
    dataDir: join(folder, 'data'),
    logsDir: join(folder, 'logs'),
    report: event => void events.push(event),
  } satisfies ServicesOptions
}
