/** Reads the topics of other applications that an environment reads. */
import { resolveInputs } from '../../lib/app/inputs/inputs.ts'
import { type Environment, NAMES, ONE_MACHINE, readSettings } from '../../lib/app/settings/index.ts'
import { errorLine, InvalidFile } from '../../lib/support/file-errors.ts'

interface InputTopics {
  /** Names of all inputs. */
  readonly inputs: string[]
  readonly problems: readonly string[]
}

/**
 * Returns the names of the inputs, and the errors in their file.
 *
 * @param file path of the file; undefined if the setting is invalid
 * @param environment settings of the names of topics
 * @param isOnThisMachine false for an account
 */
export function readInputTopics(
  env: string,
  file: string | undefined,
  environment: Environment,
  isOnThisMachine = false,
): InputTopics {
  if (file === undefined) return { inputs: [], problems: [] }
  try {
    const { names } = readSettings([NAMES], environment)
    const isOneMachine = isOnThisMachine && readSettings([ONE_MACHINE], environment).isOneMachine
    const inputs = resolveInputs({ env, names, isOneMachine, inputsFile: file }).map(({ topic }) => topic)
    const problems = inputs
      .filter(topic => names.topicNamed(topic) !== undefined)
      .map(topic => `${file}: ${topic} is a topic of Sluice, and its records are events already.`)
    return { inputs, problems }
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error
    return { inputs: [], problems: error.errors.map(errorLine) }
  }
}
