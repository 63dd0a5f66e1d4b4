/** Finds the database of the storage. */
import type { Config } from '../../control/environment/config.ts'
import { awsPlace } from '../../scripts/aws-endpoint.ts'
import { CliFailure } from '../failure.ts'
import { resolvePath, type Terminal } from '../terminal.ts'
import { resolveEnvironment } from './settings.ts'

/** Returns the settings of the database, and where its secret is. Files are relative to the folder of the terminal. */
export function resolveStorage(config: Config, env: string | undefined, terminal: Terminal) {
  const { storageUrl: url } = config
  if (url === undefined)
    throw new CliFailure(
      'Set STORAGE_URL to the database, postgres://user@host/database or sqlite:FILE, or start `npm start`.',
    )
  const storageUrl = url.startsWith('sqlite:')
    ? `sqlite:${resolvePath(terminal, url.slice('sqlite:'.length))}`
    : url
  return [{ ...config, storageUrl }, awsPlace(resolveEnvironment(terminal, env))] as const
}
