/** Reads files that people edit, whose content must be valid as a whole. Pure. */
import { InvalidFile, locateErrors, type PathError } from './file-errors.ts'
import { yamlDocument } from './yaml-document.ts'
import { positionsIn } from './yaml-positions.ts'

interface YamlFile {
  readonly text: string
  /** Name of the file in error messages. */
  readonly file: string
  /** First line of the message about errors. */
  readonly heading: string
  /** Content of a file that is empty or contains only comments; by default null. */
  readonly empty?: unknown
}

/**
 * Returns the content of a file.
 *
 * @param findErrors returns all errors in the content
 * @throws InvalidFile with all errors; for text that is not valid YAML, with the first syntax error only
 */
export function readValidYaml(
  { text, file, heading, empty = null }: YamlFile,
  findErrors: (content: unknown) => readonly PathError[],
): unknown {
  const yaml = yamlDocument(text)
  if ('message' in yaml) throw new InvalidFile(heading, [{ file, ...yaml }])
  const content = yaml.content ?? empty
  const errors = findErrors(content)
  if (errors.length > 0) throw new InvalidFile(heading, locateErrors(errors, file, positionsIn(text)))
  return content
}
