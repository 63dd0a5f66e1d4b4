/** A run of `npm start`, and the variables that its programs get. */

import { join } from 'node:path'
import type { Report } from '#local-servers/report'
import { LOCAL_AWS_ENVIRONMENT } from '../aws/resources.ts'
import type { StartOptions } from '../command-options.ts'
import { getStorageFile, type LocalCloud } from '../local-cloud.ts'
import type { OwnStack } from '../own-stack.ts'
import { resolveAddresses, serviceEnvironment } from '../start-services.ts'
import type { Screen } from './screen.ts'
import type { WatchConfig } from './watch.ts'

/** Properties of a run that exist from its start. */
export interface Run {
  readonly stack: OwnStack
  readonly config: WatchConfig
  readonly options: StartOptions
  readonly dataDir: string
  readonly logsDir: string
  readonly port: number
  /** Environment variables with which functions, console and other programs access the servers. */
  readonly variables: Readonly<Record<string, string>>
  readonly screen: Screen
  readonly report: Report
  readonly signal: AbortSignal
  readonly cloud: Promise<LocalCloud>
}

/** Returns the variables with which programs reach the servers and the stored data. */
export function programEnvironment(
  { env, environment }: OwnStack,
  servers: Parameters<typeof resolveAddresses>[0],
  dataDir: string,
): Run['variables'] {
  return {
    ...serviceEnvironment(resolveAddresses(servers)),
    ...LOCAL_AWS_ENVIRONMENT,
    TIME_ZONE: environment.TIME_ZONE ?? '',
    SLUICE_SAVED_FILES: join(dataDir, 'saved-files.json'),
    STORAGE_URL: environment.STORAGE_URL?.trim() || `sqlite:${getStorageFile(dataDir, env)}`,
  }
}
