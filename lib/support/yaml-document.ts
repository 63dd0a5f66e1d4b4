/** Reads YAML documents. The text may come from an untrusted user, so its size and structure are limited. */
import { CORE_SCHEMA, constructFromEvents, EVENT_ID, parseEvents, type Schema, YAMLException } from 'js-yaml'

const MAX_CHARACTERS = 1024 * 1024
/**
 * Maximum number of nodes. Mappings and lists count as two nodes each, for their start and their end. The largest rule set has
 * about half as many nodes.
 */
const MAX_NODES = 200_000

/** Error for a text that is not a valid YAML document. Lines and columns start at 1. */
export interface NotYaml {
  readonly message: string
  readonly line: number
  readonly column: number
}

interface YamlOptions {
  /** Schema with additional tags. Defaults to the tags of YAML 1.2. */
  readonly schema?: Schema
  /** Maximum number of aliases. Defaults to 0. */
  readonly aliases?: number
}

/** Returns the content of a YAML document, or an error if the text is not exactly one document. */
export function yamlDocument(
  text: string,
  { schema = CORE_SCHEMA, aliases = 0 }: YamlOptions = {},
): { readonly content: unknown } | NotYaml {
  if (text.length > MAX_CHARACTERS)
    return {
      message: `has more than ${MAX_CHARACTERS} characters: split it into several files`,
      line: 1,
      column: 1,
    }
  try {
    const events = parseEvents(text, {})
    if (events.length > MAX_NODES)
      return { message: `has more than ${MAX_NODES} values: split it into several files`, line: 1, column: 1 }
    const alias = events.filter(({ type }) => type === EVENT_ID.ALIAS)[aliases]
    if (alias?.type === EVENT_ID.ALIAS)
      return {
        message: 'aliases are not supported: replace it with the value',
        ...createPositionLookup(text)(alias.anchorStart - 1),
      }
    const [content, ...others] = constructFromEvents(events, { source: text, schema })
    if (others.length === 0) return { content }
    return { message: 'contains more than one YAML document', line: 1, column: 1 }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const { reason, mark } = error
    return { message: `not YAML: ${reason}`, line: (mark?.line ?? 0) + 1, column: (mark?.column ?? 0) + 1 }
  }
}

/**
 * Returns the content of a YAML file that must be valid.
 *
 * @param file name of the file in error messages
 * @throws Error with file, line and column if the text is not exactly one YAML document
 */
export function yamlContent(text: string, file: string, options?: YamlOptions): unknown {
  const yaml = yamlDocument(text, options)
  if ('message' in yaml) throw new Error(`${file}:${yaml.line}:${yaml.column}  ${yaml.message}`)
  return yaml.content
}

/** Returns a function that converts an offset in the text to a line and a column. Both start at 1. */
export function createPositionLookup(text: string): (offset: number) => Omit<NotYaml, 'message'> {
  const starts = [0]
  for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) starts.push(index + end.length)
  return offset => {
    const line = Math.max(
      0,
      starts.findLastIndex(start => start <= offset),
    )
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 }
  }
}
