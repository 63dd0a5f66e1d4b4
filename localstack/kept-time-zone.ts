import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Environment, INPUTS, readSettings } from '../lib/app/settings/index.ts'
import { isTimeZone } from '../lib/support/time-zones.ts'
import { UserError } from '../scripts/user-error.ts'
import { TOPIC_NAMES_FILE } from './local-topics.ts'

/**
 * Returns the zone of times without one, and stores it beside the data: that of the existing data, or else TIME_ZONE, or else that of
 * the machine, which TZ decides. Data from before zones were stored is in UTC.
 *
 * @param fresh true if the data is empty, so that any zone is allowed
 * @throws UserError if a variable names another zone than that of the data, because the same records would become other events
 */
export function keepTimeZone(dataDir: string, environment: Environment, fresh = false): string {
  const file = join(dataDir, 'time-zone')
  const isOlder = existsSync(join(dataDir, TOPIC_NAMES_FILE))
  const stored = existsSync(file) ? readFileSync(file, 'utf8').trim() : isOlder ? 'UTC' : undefined
  const kept = fresh ? undefined : stored
  const chosen = ['TIME_ZONE', 'TZ'].find(name => environment[name]?.trim())
  const zone = chosen === 'TIME_ZONE' ? readSettings([INPUTS], environment).timeZone : getMachineZone()
  if (kept !== undefined && chosen !== undefined && kept !== zone)
    throw new UserError(
      `Times without a zone in the data of ${dataDir} were read in ${kept}, but ${chosen} is ${zone}. The same records would get other ` +
        `times. Set TIME_ZONE=${kept}, start another stack (--name other), or start with --fresh (the data is lost).`,
    )
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(file, `${kept ?? zone}\n`)
  return kept ?? zone
}

/** Returns the zone of this machine; UTC if it has no name. */
function getMachineZone(): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  return isTimeZone(timeZone) ? timeZone : 'UTC'
}
