import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { LocalCloudError } from './failure.ts'

/**
 * Reads the arguments of a command that takes options and nothing else.
 * @param command as a person types it; the message sends them to its `--help`
 * @throws LocalCloudError where an option is not known or its value is none
 */
export function readOptions<const O extends ParseArgsOptionsConfig>(
  command: string,
  args: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values
  } catch (error) {
    const [reason] = (error as Error).message.split('. ')
    throw new LocalCloudError(`${reason}. Try: ${command} -- --help`)
  }
}
