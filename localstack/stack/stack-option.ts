import { DEFAULT_STACK, isStackName } from '../../cli/stacks/stack.ts'
import { LocalCloudError } from '../failure.ts'

/** The option `--name` of the commands that start servers. */
export const NAME_OPTION = { type: 'string' } as const

/** Its line in their help. */
export const NAME_USAGE =
  '--name NAME  a stack of that name beside the others, with ports and data of its own (also: SLUICE_STACK)'

/**
 * The name of the stack to start.
 * @throws LocalCloudError for a text that cannot be one
 */
export function readStackName(
  option: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const name = option ?? (environment.SLUICE_STACK || DEFAULT_STACK)
  if (isStackName(name)) return name
  const where = option === undefined ? 'SLUICE_STACK' : '--name'
  throw new LocalCloudError(
    `${where} is "${name}", and must be 1 to 20 lower-case letters, digits and "-". Try: --name lab`,
  )
}
