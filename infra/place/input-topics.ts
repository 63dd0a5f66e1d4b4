/** Reads the topics of other applications that an environment reads. */
import { inputsIn } from '../../lib/app/inputs.ts'
import { topicNamed } from '../../lib/app/topics.ts'
import { errorLine, InvalidFile } from '../../lib/support/file-errors.ts'

/**
 * Returns the names of the inputs, and the errors in their file.
 *
 * @param file path of the file; undefined if the setting is invalid
 */
export function readInputTopics(
  env: string,
  file: string | undefined,
): { readonly inputs: string[]; readonly problems: readonly string[] } {
  if (file === undefined) return { inputs: [], problems: [] }
  try {
    const inputs = inputsIn(env, file).map(({ topic }) => topic)
    const own = inputs.filter(topic => topicNamed(topic) !== undefined)
    const problems = own.map(
      topic => `${file}: ${topic} is a topic of Sluice, and its records are events already.`,
    )
    return { inputs, problems }
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error
    return { inputs: [], problems: error.errors.map(one => errorLine(one)) }
  }
}
