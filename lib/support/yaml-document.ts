/**
 * Reads YAML documents and the positions of their values. The text may come from an untrusted user, so its size and structure are
 * limited.
 */
import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type Schema,
  YAMLException,
} from 'js-yaml'
import type { FilePath, Position } from './file-errors.ts'

const MAX_CHARACTERS = 1024 * 1024
/**
 * Maximum number of nodes. Mappings and lists count as two nodes each, for their start and their end. The largest rule set has
 * about half as many nodes.
 */
const MAX_NODES = 200_000

/** Error for a text that is not a valid YAML document. */
export interface NotYaml extends Position {
  readonly message: string
}

export interface YamlDocument {
  readonly content: unknown
  /**
   * Returns the position of a list element or, in a mapping, of a key. The position of a missing key is the position of the mapping
   * that should contain it.
   */
  positionOf(path: FilePath): Position
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
): YamlDocument | NotYaml {
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
    if (others.length === 0) return { content, positionOf: createPathLookup(text, events) }
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
export function createPositionLookup(text: string): (offset: number) => Position {
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

/** Start offset of a value or, in a mapping, of its key, and the values that it contains. */
interface Located {
  readonly offset: number
  readonly below?: ReadonlyMap<string | number, Located>
}

/** Returns the function `positionOf` of a document. The events are only walked when a position is needed, which is after an error. */
function createPathLookup(text: string, events: readonly Event[]): YamlDocument['positionOf'] {
  let lookup: { readonly root: Located; readonly toPosition: (offset: number) => Position } | undefined
  return path => {
    lookup ??= { root: locateValues(text, events), toPosition: createPositionLookup(text) }
    let found = lookup.root
    for (const part of path) {
      const next = found.below?.get(part)
      if (next === undefined) break
      found = next
    }
    return lookup.toPosition(Math.max(0, found.offset))
  }
}

function locateValues(text: string, events: readonly Event[]): Located {
  let at = events[0]?.type === EVENT_ID.DOCUMENT ? 1 : 0
  const isOpen = () => events[at] !== undefined && events[at]?.type !== EVENT_ID.POP
  const read = (offset = getStart(events[at])): Located => {
    const event = events[at++]
    if (event?.type !== EVENT_ID.MAPPING && event?.type !== EVENT_ID.SEQUENCE) return { offset }
    const below = new Map<string | number, Located>()
    for (let index = 0; isOpen(); index += 1) {
      const key = event.type === EVENT_ID.MAPPING ? events[at] : undefined
      if (key === undefined) below.set(index, read())
      else {
        const { offset: keyOffset } = read()
        const value = read(keyOffset)
        // Valid keys are texts.
        if (key.type === EVENT_ID.SCALAR) below.set(getScalarValue(text, key), value)
      }
    }
    at += 1
    return { offset, below }
  }
  return read()
}

function getStart(event: Event | undefined): number {
  switch (event?.type) {
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start
    case EVENT_ID.SCALAR:
      return event.valueStart - (QUOTED.includes(event.style) ? 1 : 0)
    default:
      return 0
  }
}

const QUOTED: readonly number[] = [SCALAR_STYLE.SINGLE_QUOTED, SCALAR_STYLE.DOUBLE_QUOTED]
