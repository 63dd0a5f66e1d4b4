import { type Environment, readSettings } from '../../lib/app/settings/index.ts'
import { LOCAL_CLOUD } from '../settings.ts'

/** The option `--name` of the commands that start servers. */
export const NAME_OPTION = { type: 'string' } as const

/** Its line in the help texts. */
export const NAME_USAGE =
  '--name NAME  a stack of that name, with its own ports and data (also: SLUICE_STACK)'

/**
 * The name of the stack to start.
 *
 * @param option what `--name` says, where it is given: it counts more than SLUICE_STACK
 * @throws ConfigError where SLUICE_STACK cannot be the name of one
 */
export function stackNameFrom(option: string | undefined, environment: Environment): string {
  return option ?? readSettings([LOCAL_CLOUD], environment).stack
}
